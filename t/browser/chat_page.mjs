// The chat page as a user sees it.

import { DemoPage } from './demo_page.mjs';

export class ChatPage extends DemoPage {
  async untilPeople(...names) {
    const wanted = [...names].sort();
    await this.until(async () => {
      const seen = await this.texts('#people li span:last-child');
      return JSON.stringify(seen.sort()) === JSON.stringify(wanted);
    }, `here now: ${wanted.join(', ')}`);
  }

  messages = () => this.texts('#log .message .text');

  untilMessage = (text) =>
    this.until(async () => (await this.messages()).includes(text), `the message ${text}`);

  enter = (room) => this.page.click(`#rooms [data-room="${room}"]`);

  // Says it and waits until it is shown: it has been to the server and back.
  async say(text) {
    await this.attempt(text);
    await this.untilMessage(text);
  }

  async attempt(text) {
    await this.page.fill('#text', text);
    await this.page.press('#text', 'Enter');
  }
}
