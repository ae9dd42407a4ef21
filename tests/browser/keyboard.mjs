// The keyboard alone: a hospital signs in, goes past the frame, and sends a request without a mouse; and on busy pages
// every Tab leads on, in the order of the page, to something that is seen to have the focus.

import { Person } from './lib/person.mjs';

/** Parts of a date take a Tab each; whatever holds the focus longer than this is a trap. */
const MOST_STAYS = 8;
const MOST_TABS = 600;

export async function keyboard(house, language) {
  const person = await Person.at(house, language);
  await walk(person);
  await person.open('/');
  await person.page.waitForFunction(() => document.activeElement !== document.body, { timeout: 2_000 }).catch(() => {});
  if ((await focus(person)).name !== 'username') fault(person, 'the first field does not have the focus');
  await person.page.keyboard.type('hospital');
  await tabTo(person, (own) => own.name === 'password');
  await person.page.keyboard.type('shiryan-demo');
  await enter(person);
  person.name = 'hospital';

  await person.page.keyboard.press('Tab');
  const skip = await focus(person);
  if (skip.href !== '#main' || !skip.isSeen) fault(person, `the first Tab does not show the way to the content: ${skip.text}`);
  await person.page.keyboard.press('Enter');
  await person.page.keyboard.press('Tab');
  const first = await focus(person);
  if (!first.isInMain) fault(person, `past the frame the focus is not in the content: ${first.text}`);

  await walk(person);
  await person.open('/requests');
  await tabTo(person, (own) => own.href === '/requests/new');
  await enter(person);
  await walk(person);
  await person.open('/requests/new');
  await tabTo(person, (own) => own.name === 'units');
  await person.page.keyboard.type('2');
  await tabTo(person, (own) => own.name === 'blood_group');
  await person.page.keyboard.press('ArrowDown');
  await tabTo(person, (own) => own.name === 'patient');
  await person.page.keyboard.type('P-30');
  await tabTo(person, (own) => own.isSubmit);
  await enter(person);
  if (!/^\/requests\/\w{13}$/.test(person.path())) fault(person, `the request was not sent: ${person.path()}`);
  await person.leave();

  for (const [name, pages] of [['bank', ['/bank', '/bank/count']], ['medic', ['/', '/drives/new']], ['command', ['/', '/working']]]) {
    const other = await Person.signedIn(house, name, language);
    for (const page of pages) {
      await other.open(page);
      await walk(other);
    }
    await other.leave();
  }
}

function fault(person, detail) {
  person.house.report.fault(person.where(), 'by keyboard', detail);
}

/** What has the focus. */
function focus(person) {
  return person.page.evaluate(() => {
    const own = document.activeElement;
    const { top, bottom, left, right, width, height } = own.getBoundingClientRect();
    const style = getComputedStyle(own);
    return {
      tag: own.tagName.toLowerCase(),
      name: own.getAttribute('name'),
      href: own.getAttribute('href'),
      text: `${own.tagName.toLowerCase()} ${own.getAttribute('name') ?? own.textContent.trim().slice(0, 40)}`,
      isSubmit: own.matches('main form button'),
      isInMain: own.closest('main') !== null && own.tagName !== 'MAIN',
      isSeen:
        width > 0 && height > 0 && bottom > 0 && top < innerHeight && right > 0 && left < innerWidth &&
        style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
    };
  });
}

async function tabTo(person, is) {
  for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
    await person.page.keyboard.press('Tab');
    if (is(await focus(person))) return;
  }
  throw new Error(`${person.where()}: no Tab leads there`);
}

async function enter(person) {
  await Promise.all([person.page.waitForNavigation(), person.page.keyboard.press('Enter')]);
}

/** Tabs through the whole page once. */
async function walk(person) {
  const { page } = person;
  await page.evaluate(() => {
    // The next Tab starts from the top, wherever the focus was.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    window.scrollTo(0, 0);
    window.before = null;
  });
  let stays = 0;
  let count = 0;
  for (; count < MOST_TABS; count += 1) {
    await page.keyboard.press('Tab');
    const step = await page.evaluate(() => {
      const [own, before] = [document.activeElement, window.before];
      window.before = own;
      if (own === document.body) return 'out';
      if (own === before) return 'stays';
      if (!before) return 'on';
      return before.compareDocumentPosition(own) & Node.DOCUMENT_POSITION_FOLLOWING ? 'on' : 'back';
    });
    if (step === 'out' || (step === 'back' && (await focus(person)).href === '#main')) break;
    const own = await focus(person);
    stays = step === 'stays' ? stays + 1 : 0;
    if (stays > MOST_STAYS) return fault(person, `a trap: ${own.text}`);
    if (step === 'back') return fault(person, `the order goes back: ${own.text}`);
    if (!own.isSeen) fault(person, `the focus is not seen: ${own.text}`);
  }
  if (count === MOST_TABS) fault(person, 'Tab never leaves the page');
  const least = await page.$$eval('a[href], main button', (all) => all.filter((own) => own.checkVisibility()).length);
  if (count < least) fault(person, `${least} links and buttons, ${count} reached`);
}
