// Faye on a free port of the loopback network; prints the port. Connects are held for as long as the argument says.
import http from 'node:http';
import { createRequire } from 'node:module';

const faye = createRequire(import.meta.url)('faye');
const server = http.createServer();
server.keepAliveTimeout = 0;
new faye.NodeAdapter({ mount: '/bayeux', timeout: Number(process.argv[2]) }).attach(server);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
