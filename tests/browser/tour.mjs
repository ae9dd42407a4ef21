// Every page of every role: found by following links from the first one, looked at in the language of whoever walks.

import { Person, shape } from './lib/person.mjs';

/** What each role must at least find: docs/pages.md as addresses. Further ones that links lead to are looked at too. */
export const PAGES = {
  hospital: [
    '/', '/find', '/units', '/units/{id}', '/requests', '/requests/new', '/requests/{id}', '/requests/{id}/slip', '/standing',
    '/standing/new', '/standing/{id}', '/packs', '/packs/{id}', '/untested', '/downtime',
  ],
  bank: [
    '/', '/where', '/ahead', '/emergency', '/bank', '/laboratory', '/laboratory/{din}', '/bank/receive', '/bank/send', '/bank/discard', '/bank/count',
    '/bank/transfers/{id}', '/bank/counts/{id}', '/units', '/units/{id}', '/labels/{id}', '/shelves', '/requests',
    '/requests/{id}', '/requests/{id}/slip', '/find', '/standing', '/standing/{id}', '/packs', '/packs/{id}', '/untested',
    '/downtime', '/week', '/drives', '/drives/new', '/drives/{id}', '/drives/{id}/day', '/drives/{id}/roster', '/panel',
    '/donors', '/donors/new', '/approvals',
  ],
  medic: [
    '/', '/week', '/drives', '/drives/new', '/drives/{id}', '/drives/{id}/day', '/drives/{id}/roster',
    '/drives/{id}/door/{id}', '/visits/{id}', '/donors', '/donors/new', '/donors/{id}', '/call', '/programme', '/approvals',
  ],
  command: ['/', '/where', '/ahead', '/working', '/emergency', '/programme', '/shelves'],
  physician: [
    '/', '/where', '/ahead', '/units', '/units/{id}', '/laboratory', '/shelves', '/requests', '/requests/{id}', '/standing',
    '/packs', '/untested', '/panel', '/rules', '/approvals',
  ],
  admin: ['/', '/sign-ins', '/people', '/places', '/rules', '/approvals', '/record', '/outbox', '/where', '/ahead', '/programme', '/shelves'],
};

/** Answers that are no page of ours: the description of the API is drawn by a program of others. */
const OTHERS = /^\/(docs|api)(\/|$)/;
/** A table as a file: no page. */
const FILE = /[?&]format=/;

/** Pages of a shape that are opened for their links alone, until every page of a role is found. */
const MOST_FURTHER = 60;

/** Walks through all pages of one role in one language. A shape that another role showed already needs no picture. */
export async function tour(house, role, language) {
  const person = await Person.signedIn(house, role, language);
  const [ahead, further] = [['/'], []];
  const [seen, opened] = [new Set(), new Set()];
  // What stands at the end of a form was looked at on the journeys.
  const missing = () => PAGES[role].filter((form) => !seen.has(form) && !house.report.shapes.has(form));
  const open = async (address) => {
    const status = await person.open(address);
    if (status !== 200) house.report.fault(person.where(), 'a link leads nowhere', `${status}`);
    opened.add(address);
    return status === 200;
  };
  try {
    while (ahead.length > 0 || (further.length > 0 && opened.size < seen.size + MOST_FURTHER && missing().length > 0)) {
      const isNew = ahead.length > 0;
      const address = new URL(isNew ? ahead.shift() : further.shift(), house.base).href;
      const form = shape(address);
      if (OTHERS.test(form) || FILE.test(address) || opened.has(address)) continue;
      if (isNew && seen.has(form)) {
        further.push(address);
        continue;
      }
      seen.add(form);
      if (!(await open(address))) continue;
      if (isNew) await person.look(pictured(house, role, form, language));
      ahead.push(...(await person.links()).filter((to) => !opened.has(to)));
    }
  } finally {
    await person.leave();
  }
  for (const form of missing()) {
    house.report.fault(`${role} ${language} ${form}`, 'not reached by links', 'from the first page');
  }
}

/** The name of a page's picture; none when it has one in this language. First pages differ by role. */
function pictured(house, role, form, language) {
  const key = form === '/' ? `${role}_first` : form.slice(1).replaceAll('/', '_').replaceAll(/[{}]/g, '');
  const name = `${language} ${key}`;
  if (house.named.has(name)) return undefined;
  house.named.add(name);
  return key;
}
