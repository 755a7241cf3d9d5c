// The broadcast page: everybody watches the ticker, a member's page publishes it.

import { Clock } from './clock.js';
import { byId, drawMember, setUpDialogs } from './dom.js';
import { createIdentity } from './identity.js';
import { keepWhenLeaving, takeKept } from './kept.js';
import { Link } from './link.js';
import { LinkPanel } from './link_panel.js';
import { setUpLogin } from './login.js';
import { firstPrices, nextPrices } from './quotes.js';
import { Ticks } from './ticks.js';
import * as view from './ticker_view.js';

const kChannel = '/ticker/quotes';
const kEvery = 1000;
const kSilence = 3000;

const kept = takeKept('ticker');
const { key } = createIdentity(kept.key);
const ticks = new Ticks(kept.ticks);
const clock = new Clock();
const panel = new LinkPanel();
const link = new Link('ticker', clock.extension, { ...panel.events, onReady: watch, onWire: () => {} });
const openLogin = setUpLogin(become);
let said = { number: 0 };
let heardOther = 0;
let publishing = false;
let refusal = '';

function watch() {
  link.subscribe(kChannel, (data) => {
    if (!ticks.take(data, data?.key !== key && link.noteHeard())) {
      return;
    }
    heardOther = data.key === key ? 0 : Date.now();
    view.drawBoard(ticks);
    view.drawCounts(ticks, clock.now() - ticks.last.at);
    drawPublish();
  });
}

function drawPublish() {
  const other = Date.now() - heardOther < kSilence ? ticks.last.name : '';
  view.drawPublish({ member: link.member, publishing, other, refusal });
}

// A tick that the server did not take is said again, with new prices: its number is not used up.
async function publish() {
  const number = Math.max(said.number, ticks.last?.number ?? 0) + 1;
  const prices = nextPrices(said.prices ?? ticks.prices ?? firstPrices());
  said = { ...said, underWay: true };
  const reply = await link.publish(kChannel, { key, name: link.member.user, number, at: clock.now(), prices });
  said = reply.successful ? { number, prices } : { ...said, underWay: false };
  if (reply.error) {
    refusal = `The server says no: ${reply.error}`;
    publishing = false;
  }
}

// Late ticks are not made up for: the next one is due when the time comes.
function tick() {
  if (publishing && !said.underWay) {
    publish();
  }
  drawPublish();
  link.setTimeout(tick, kEvery);
}

function toggle() {
  if (!link.member) {
    openLogin();
    return;
  }
  publishing = !publishing;
  refusal = '';
  said.prices = undefined;
  drawPublish();
}

async function become(member) {
  publishing = false;
  drawMember(member, member?.user ?? '');
  await link.become(member);
  drawPublish();
}

byId('login-open').addEventListener('click', openLogin);
byId('logout').addEventListener('click', () => become(null));
byId('publish').addEventListener('click', toggle);
keepWhenLeaving('ticker', () => {
  link.leave();
  return { key: link.member ? undefined : key, ticks };
});
setUpDialogs();
panel.attach(link);
drawMember(null, '');
view.drawBoard(ticks);
link.start();
tick();
