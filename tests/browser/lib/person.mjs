// Somebody at a browser: signs in, follows links, fills in forms, and looks at pages as every reader would meet them.
//
// Whatever a person does is done by the page's own links and buttons. Each page is watched: what it loads, what the
// console says. `look` judges the page that is shown, in both widths and in both schemes of colour.

import { mkdir } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PASSWORD } from './service.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
export const WIDTHS = [1280, 360];
const HEIGHT = { 1280: 900, 360: 740 };
/** Between the two nothing may scroll sideways either. */
const BETWEEN = [1024, 768];

/** A page's address without what differs from one record to another. */
export function shape(address) {
  const path = new URL(address).pathname;
  return path.replace(/\/laboratory\/.+/, '/laboratory/{din}').replace(/\/[0-9A-HJKMNP-TV-Z]{13}(?=\/|$)/g, '/{id}').replace(/^\/l\/.+/, '/l/{secret}');
}

export class Person {
  constructor(house, page, context, language) {
    Object.assign(this, { house, page, context, language, name: 'nobody' });
  }

  /** A browser of its own at the first page, in `language`. Without `script` no page may run one. */
  static async at(house, language, { script = true } = {}) {
    const context = await house.browser.createBrowserContext();
    const page = await context.newPage();
    const person = new Person(house, page, context, language);
    person.watch();
    person.script = script;
    await page.setViewport({ width: WIDTHS[0], height: HEIGHT[WIDTHS[0]] });
    await page.setJavaScriptEnabled(script);
    await person.open('/');
    if ((await person.tongue()) !== language) await person.press('form[action="/language"] button');
    return person;
  }

  /** The same, signed in. */
  static async signedIn(house, name, language, { password, ...more } = {}) {
    const person = await Person.at(house, language, more);
    await person.signIn(name, password);
    return person;
  }

  async signIn(name, password = PASSWORD) {
    await this.fill({ username: name, password });
    await this.press('form[action="/sign-in"] button');
    this.name = name;
    if (!(await this.page.$('form[action="/sign-out"]'))) throw new Error(`${name} could not sign in`);
    if ((await this.tongue()) !== this.language) await this.press('form[action="/language"] button');
  }

  leave() {
    return this.context.close();
  }

  tongue() {
    return this.page.$eval('html', (html) => html.lang);
  }

  where(width) {
    return [this.name, this.language, width, this.path()].filter(Boolean).join(' ');
  }

  path() {
    const { pathname, search } = new URL(this.page.url());
    return pathname + search;
  }

  watch() {
    const { report, base } = this.house;
    this.page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol !== 'data:' && origin !== base) report.fault(this.where(), 'loads from elsewhere', request.url());
    });
    this.page.on('console', (message) => {
      // A form that is refused comes with a status of its own, which the console tells as an error.
      const isStatus = /the server responded with a status of 4\d\d/.test(message.text());
      if (['error', 'warn'].includes(message.type()) && !isStatus) {
        report.fault(this.where(), 'the console says', message.text());
      }
    });
    this.page.on('pageerror', (error) => report.fault(this.where(), 'a script fails', error.message));
    this.page.on('requestfailed', (request) => {
      report.fault(this.where(), 'does not load', `${request.url()} ${request.failure()?.errorText}`);
    });
    this.page.on('response', (response) => {
      if (response.status() >= 500) report.fault(this.where(), 'the service fails', `${response.status()} ${response.url()}`);
    });
  }

  async open(path) {
    const answer = await this.page.goto(new URL(path, this.house.base).href);
    return answer?.status();
  }

  /** Presses a link or a button that leads to another page, and waits for it. */
  async press(selector) {
    const found = await this.page.$(selector);
    if (!found) throw new Error(`${this.where()}: nothing to press at ${selector}`);
    const [answer] = await Promise.all([this.page.waitForNavigation(), found.click()]);
    const status = answer?.status();
    if (status >= 500) throw new Error(`${this.where()}: ${status}`);
    return status;
  }

  /** The same, and it must have been taken: a form that is refused comes back with an alert. */
  async send(selector) {
    await this.press(selector);
    const said = await this.page.$('[role=alert]');
    if (said) throw new Error(`${this.where()}: ${await said.evaluate((own) => own.innerText)}`);
  }

  /** Fills fields in by their names; `true` ticks a box. Dates and times are set as a picker sets them. */
  async fill(fields, form = 'main form') {
    for (const [name, value] of Object.entries(fields)) {
      const all = await this.page.$$(`${form} [name="${name}"]`);
      if (all.length === 0) throw new Error(`${this.where()}: no field ${name}`);
      for (const field of all) {
        const kind = await field.evaluate((own) => own.type);
        if (kind === 'checkbox') {
          if ((await field.evaluate((own) => own.checked)) !== value) await field.click();
        } else if (kind === 'radio') {
          if ((await field.evaluate((own) => own.value)) === value) await field.click();
        } else if (kind.startsWith('select')) {
          const [taken] = await field.select(String(value));
          if (taken !== String(value)) throw new Error(`${this.where()}: ${name} offers no ${value}`);
        } else {
          await field.evaluate((own, text) => (own.value = text), '');
          if (['date', 'time', 'datetime-local'].includes(kind)) {
            await field.evaluate((own, text) => (own.value = text), String(value));
          } else {
            await field.type(String(value));
          }
        }
      }
    }
  }

  texts(selector) {
    return this.page.$$eval(selector, (all) => all.map((own) => own.textContent.trim()));
  }

  /** Every address of this site that the page links to, without those that answer with a file or print. */
  links() {
    const origin = this.house.base;
    return this.page.$$eval(
      'a[href]',
      (all, origin) => [...new Set(all.map((own) => own.href.split('#')[0]).filter((to) => to.startsWith(`${origin}/`)))],
      origin,
    );
  }

  /** Judges the page that is shown and keeps its picture under `name`, if it is given one. */
  async look(name) {
    const { report, pictures } = this.house;
    report.shapes.add(shape(this.page.url()));
    await this.judge();
    await mkdir(join(pictures, this.language), { recursive: true });
    // What is folded away is read as well.
    await this.page.setJavaScriptEnabled(true);
    await this.page.evaluate(() => document.querySelectorAll('details').forEach((own) => (own.open = true)));
    await this.page.evaluate(AXE);
    for (const width of [...BETWEEN, ...WIDTHS]) {
      await this.page.setViewport({ width, height: HEIGHT[width] ?? HEIGHT[WIDTHS[0]] });
      const wide = await this.page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
      if (wide > 0) report.fault(this.where(width), 'scrolls sideways', `by ${wide} px: ${await this.widest()}`);
      if (BETWEEN.includes(width)) continue;
      await this.axe(width, TAGS);
      report.looked += 1;
      if (!name) continue;
      const path = join(pictures, this.language, `${name}-${width}.png`);
      await this.page.screenshot({ path, fullPage: true, captureBeyondViewport: false, optimizeForSpeed: true });
    }
    if (name) {
      await this.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
      await this.axe('dark', ['color-contrast']);
      await this.page.emulateMediaFeatures([]);
    }
    await this.page.setViewport({ width: WIDTHS[0], height: HEIGHT[WIDTHS[0]] });
    await this.page.setJavaScriptEnabled(this.script);
  }

  /** What every page has: its language, one first heading, no text that was left as its name. */
  async judge() {
    const { report } = this.house;
    const seen = await this.page.evaluate(() => ({
      lang: document.documentElement.lang,
      dir: document.documentElement.dir,
      headings: document.querySelectorAll('h1').length,
      scripts: document.scripts.length,
      title: document.title,
    }));
    const dir = this.language === 'ar' ? 'rtl' : 'ltr';
    if (seen.lang !== this.language || seen.dir !== dir) report.fault(this.where(), 'wrong language', `${seen.lang} ${seen.dir}`);
    if (seen.headings !== 1) report.fault(this.where(), 'headings', `${seen.headings} of the first level`);
    if (seen.scripts > 0) report.fault(this.where(), 'scripts', `${seen.scripts} on a page that needs none`);
    if (!seen.title) report.fault(this.where(), 'title', 'none');
  }

  /** `rules` are tags of WCAG, or rules by name. */
  async axe(width, rules) {
    const type = rules === TAGS ? 'tag' : 'rule';
    const found = await this.page.evaluate(
      async (runOnly) => {
        const { violations } = await window.axe.run(document, { runOnly, resultTypes: ['violations'] });
        return violations.flatMap((own) =>
          own.nodes.map((node) => ({ rule: own.id, at: node.target.join(' '), why: node.any[0]?.message ?? node.failureSummary })),
        );
      },
      { type, values: rules },
    );
    for (const { rule, at, why } of found) this.house.report.fault(this.where(width), rule, `${at} (${why})`);
  }

  /** The element that reaches furthest out of the window. */
  widest() {
    return this.page.evaluate(() => {
      const over = (own) => {
        const { left, right } = own.getBoundingClientRect();
        return Math.max(right - innerWidth, -left);
      };
      const scrolled = (own) => own.closest('.wide, .gone, .skip, .defs');
      const all = [...document.querySelectorAll('main *, header *')].filter((own) => !scrolled(own));
      const worst = all.sort((one, other) => over(other) - over(one))[0];
      return `${worst?.tagName.toLowerCase()}.${worst?.className} ${worst?.textContent.trim().slice(0, 40)}`;
    });
  }
}
