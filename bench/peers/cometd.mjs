// cometd-nodejs-server on a free port of the loopback network; prints the port. Connects are held for as long as the
// argument says. It has no WebSocket.
import http from 'node:http';
import { createRequire } from 'node:module';

const cometd = createRequire(import.meta.url)('cometd-nodejs-server');
const bayeux = cometd.createCometDServer({ timeout: 1000 * Number(process.argv[2]) });
const server = http.createServer(bayeux.handle);
server.keepAliveTimeout = 0;
server.timeout = server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
