// What people come for, done by the pages alone, without a script: a hospital's request from asking to transfusing, the
// blood bank's shelf, a medic's drive from the plan to the needle, command's three questions, a donor's own link.

import { day, clock } from './lib/days.mjs';
import { Person } from './lib/person.mjs';

const NO_SCRIPT = { script: false };

/** Each of them: `[name, (house, language) => …]`. */
export const JOURNEYS = [
  ['a request', request],
  ['places, people, a shelf', (house, language) => places(house, language).then(() => shelf(house, language))],
  ['a drive', drive],
  ['the reserve', reserve],
  ['rules', rules],
];

const id = (address) => address.split('/').pop();

/** A hospital asks, the blood bank holds and issues, the hospital confirms what came. */
async function request(house, language) {
  const hospital = await Person.at(house, language, NO_SCRIPT);
  await hospital.look('sign-in');
  await hospital.page.type('#username', 'hospital');
  await hospital.page.type('#password', 'not this one');
  await hospital.press('form[action="/sign-in"] button');
  await hospital.look('sign-in-refused');
  await hospital.open('/');
  await hospital.signIn('hospital');
  const bank = await Person.signedIn(house, 'bank', language, NO_SCRIPT);

  await hospital.press('nav a[href="/requests"]');
  await hospital.press('a[href="/requests/new"]');
  const asked = { component: 'red_cells', units: 2, blood_group: 'a_pos', group_evidence: 'confirmed', patient: 'P-17' };
  await hospital.fill({ ...asked, needed_at: `${day(-3)}T08:00` });
  await hospital.press('form[action="/requests/new"] button');
  await hospital.look('request-refused');
  await hospital.fill({ needed_at: '', irradiated: false, notes: 'Theatre 2' });
  await hospital.send('form[action="/requests/new"] button');
  await hospital.look('request-sent');
  const page = hospital.path();

  await bank.press('nav a[href="/requests"]');
  await bank.press(`a[href="${page}"]`);
  await bank.send('form[action$="/accept"] button');
  await bank.look('request-candidates');
  await bank.send('form[action$="/reserve"] button');
  await bank.look('request-held');
  await bank.send('form[action$="/issue"] button');
  await bank.look('request-issued');

  await hospital.open(page);
  const issued = await hospital.texts('table.fold th[scope=row] bdi.code');
  if (issued.length !== 2) throw new Error(`${issued.length} units were issued`);
  await hospital.fill({ dins: issued.join('\n') });
  await hospital.send('form[action$="/receive"] button');
  await hospital.send('form[action$="/transfused"] button');
  await hospital.look('request-received');

  // And what waits, so that every list has something to show.
  await hospital.open('/requests/new');
  await hospital.fill({ ...asked, urgency: 'emergency', patient: 'P-18' });
  await hospital.send('form[action="/requests/new"] button');
  await hospital.press('nav a[href="/requests"]');
  await hospital.press('a[href="/standing"]');
  await hospital.press('a[href="/standing/new"]');
  await hospital.fill({ units: 2, blood_group: 'o_pos', group_evidence: 'confirmed', patient: 'P-19' });
  await hospital.fill({ every_days: 7, due_at: '08:00', first_on: day(1), last_on: day(20), days_ahead: 2 });
  await hospital.send('form[action="/standing/new"] button');
  await hospital.look('standing-order');
  await hospital.open('/packs');
  await hospital.fill({ blood_group: '', patient: `P-2${language}` });
  await hospital.send('form[action="/packs"] button');
  await hospital.look('pack-running');
  await hospital.leave();
  await bank.leave();
}

/** A box is sent and comes with one bag less; the shelf is counted and differs; a bag comes from elsewhere. */
async function shelf(house, language) {
  const bank = await Person.signedIn(house, 'bank', language, NO_SCRIPT);
  const own = NEW[language];

  await bank.press('nav a[href="/bank"]');
  await bank.press('a[href="/bank/receive"]');
  for (const bag of own.bags) {
    await bank.fill({ din: bag, blood_group: 'o_neg', volume_ml: 280, collected_on: day(-3), expires_on: day(2) });
    await bank.send('form[action="/bank/receive"] button');
    await bank.press('a[href="/bank/receive"]');
  }
  await bank.fill({ din: own.bags[0], blood_group: 'o_neg', volume_ml: 280, collected_on: day(-3), expires_on: day(-9) });
  await bank.press('form[action="/bank/receive"] button');
  await bank.look('receive-refused');

  await bank.open('/bank/send');
  const to = await bank.page.$$eval('#to option', (all, name) => all.find((one) => one.textContent.includes(name))?.value, own.name);
  await bank.fill({ to, red_cells: 'A9999 26 99' });
  await bank.press('form[action="/bank/send"] button');
  await bank.look('send-refused');
  await bank.fill({ to, red_cells: own.bags.join('\n') });
  await bank.send('form[action="/bank/send"] button');
  await bank.look('box-sent');
  const box = bank.path();

  const other = await Person.signedIn(house, own.username, language, { ...NO_SCRIPT, password: own.password });
  await other.open(box);
  await other.look('box-comes');
  await other.fill({ red_cells: own.bags[0] });
  await other.send('form[action$="/receive"] button');
  await other.look('box-differs');
  await other.open('/bank/count');
  await other.fill({ red_cells: `${own.bags[1]}\nA9999 26 000000`, is_all: true });
  await other.send('form[action="/bank/count"] button');
  await other.look('count-differs');
  await other.leave();

  await bank.press('nav a[href="/bank"]');
  await bank.look('bench-full');
  await bank.open('/bank/count');
  await bank.fill({ red_cells: own.bags[2], is_all: true });
  await bank.send('form[action="/bank/count"] button');
  await bank.leave();
}

/** A medic plans a drive for today, books a donor, and runs it as far as the bag. */
async function drive(house, language) {
  const medic = await Person.signedIn(house, 'medic', language, NO_SCRIPT);
  await medic.look('week');
  await medic.press('a[href="/drives/new"]');
  await medic.fill({ title: 'حملة اليوم', place: 'قاعة', date: day(), from: '00:00', to: '23:45', slot_minutes: 15, beds: 2 });
  const bank = await medic.page.$eval('[name=facility] option:not([value=""])', (own) => own.value);
  await medic.fill({ facility: bank, at_prayer: true, for_unfasting: true });
  await medic.send('button[value="preview"]');
  await medic.look('drive-preview');
  await medic.send('button[value="save"]');
  await medic.look('drive-planned');
  const path = medic.path();

  const donor = await booked(medic, id(path));
  await medic.look('day-booked');
  await medic.fill({ meter: 'HB-1', passed: 'yes' }, 'form[action$="/prepare"]');
  await medic.send('form[action$="/prepare"] button');
  const din = `A7777 26 00000${language === 'ar' ? 1 : 3}`;
  await medic.fill({ first: din, count: 2 }, 'form[action$="/numbers"]');
  await medic.send('form[action$="/numbers"] button');
  await medic.press(`a[href="${path}/door/${donor}"]`);
  await medic.look('door');
  const shown = { name_said: true, birth_date_said: true, document_seen: true };
  await medic.fill(shown);
  await medic.send(`form[action="${path}/door/${donor}"] button`);
  await medic.look('visit-screen');
  await medic.fill({ haemoglobin_g_dl: 9 }, 'form[action$="/screening"]');
  const questions = await medic.page.$$eval('input[type=radio][value=no]', (all) => all.map((own) => own.name));
  await medic.fill(Object.fromEntries(questions.map((name) => [name, 'no'])));
  await medic.fill({ haemoglobin_g_dl: 15.1, systolic: 122, diastolic: 78, pulse: 66, temperature_c: 36.6 });
  await medic.fill({ weight_kg: 80, height_cm: 178, bag_ml: 450 });
  await medic.send('form[action$="/screening"] button');
  await medic.look('visit-consent');
  await medic.fill({ agreed: true, use_blood: 'yes' });
  await medic.send('form[action$="/consent"] button');
  await medic.look('visit-collect');
  await medic.press('form[action$="/who"] button');
  await medic.look('visit-who');
  await medic.fill({ ...shown, din_form: din, din_bag: din, din_tubes: din, bag_lot: 'LOT-7', bag_expires_on: day(300) });
  await medic.fill({ began: clock(9), ended: clock(1), volume_ml: 450, outcome: 'complete' }, 'form[action$="/collection"]');
  await medic.send('form[action$="/collection"] button');
  await medic.look('visit-rests');
  await medic.open(`${path}/day`);
  await medic.look('day-run');

  await medic.open('/donors');
  await medic.fill({ text: 'محمد' });
  await medic.send('form[action="/donors"] button');
  await medic.look('donors-found');
  await medic.open(`${path}/roster`);
  await medic.press('main form button');
  await medic.look('roster-names');
  await link(house, language, path);
  await medic.leave();
}

/** Books the first donor who may give today; whose number it is. */
async function booked(medic, drive) {
  await medic.press('nav a[href="/call"]');
  const donors = await medic.page.$$eval('table.fold th a', (all) => all.map((own) => own.getAttribute('href')));
  for (const donor of donors.slice(0, 12)) {
    await medic.open(donor);
    if (!(await medic.page.$('form[action$="/book"]'))) continue;
    await medic.fill({ drive }, 'form[action$="/book"]');
    await medic.press('form[action$="/book"] button');
    if (medic.path() === `/drives/${drive}/day`) return id(donor);
  }
  throw new Error(`none of ${donors.length} donors could be booked`);
}

/** A donor's own link, as a letter brings it: the page knows nobody and asks once. */
async function link(house, language, path) {
  const call = async (address, token, body) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': `${Math.random()}-${language}` };
    if (token) headers.authorization = `Bearer ${token}`;
    const answer = await fetch(`${house.base}/api/v1${address}`, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${address}: ${await answer.text()}`);
    return answer.json();
  };
  const { access_token: token } = await call('/sessions', null, { username: 'medic', password: 'shiryan-demo' });
  const { items } = await call('/donors?limit=40', token);
  const donor = items.find((own) => own.status === 'active');
  const { url } = await call(`${path}/links`, token, { donor: donor.id });
  const reader = await Person.at(house, language, NO_SCRIPT);
  await reader.open(url);
  await reader.look('link-drive');
  await reader.press('main form button');
  await reader.look('link-after');
  await reader.leave();
}

/** Can we cover tonight, where is it, where is it going. */
async function reserve(house, language) {
  const command = await Person.signedIn(house, 'command', language, NO_SCRIPT);
  await command.look('reserve');
  await command.fill({ component: 'platelets' }, 'form.filters');
  await command.press('form.filters button');
  await command.look('reserve-platelets');
  await command.press('nav a[href="/where"]');
  await command.fill({ group: 'ab_neg', component: 'plasma' }, 'form.filters');
  await command.press('form.filters button');
  await command.look('where-plasma');
  await command.press('nav a[href="/ahead"]');
  await command.fill({ component: 'platelets' }, 'form.filters');
  await command.press('form.filters button');
  await command.look('ahead-platelets');
  await command.press('nav a[href="/programme"]');
  await command.press('a[href^="/programme?month="]');
  await command.look('programme-month');
  await command.open('/nowhere');
  await command.look('problem');
  await command.open('/');
  await command.press('form[action="/sign-out"] button');
  if (await command.page.$('form[action="/sign-out"]')) throw new Error('still signed in');
  await command.leave();
}

/** A physician asks what a rule set would change. */
async function rules(house, language) {
  const physician = await Person.signedIn(house, 'physician', language, NO_SCRIPT);
  await physician.press('nav a[href="/rules"]');
  await physician.press('form[action^="/rules/"] button');
  await physician.look('rules-preview');
  await physician.leave();
}

/** What an administrator makes in each language: a second blood bank of the region, and somebody who works there. */
const NEW = {
  ar: { code: 'BANK-1', name: 'بنك جديد', username: 'newcomer.one', bags: ['B7777 26 000001', 'B7777 26 000002', 'B7777 26 000003'] },
  en: { code: 'BANK-2', name: 'A new bank', username: 'newcomer.two', bags: ['B7777 26 000004', 'B7777 26 000005', 'B7777 26 000006'] },
};
for (const own of Object.values(NEW)) own.password = 'a password of my own';

/** An administrator makes a place and a person, who takes a password of their own at the first sign-in. */
async function places(house, language) {
  const own = NEW[language];
  const first = 'a password to change';
  const admin = await Person.signedIn(house, 'admin', language, NO_SCRIPT);
  await admin.press('nav a[href="/places"]');
  const unit = 'form[action="/places/units"]';
  await admin.fill({ code: 'NEW-1', name_ar: 'مكان', name_en: 'A place', parent: 'NOWHERE', governorate: 'PS-HBN' }, unit);
  await admin.press(`${unit} button`);
  await admin.look('places-refused');
  const facility = 'form[action="/places/facilities"]';
  await admin.fill({ code: own.code, name_ar: NEW.ar.name, name_en: NEW.en.name, kind: 'blood_bank', governorate: 'PS-RBH' }, facility);
  await admin.send(`${facility} button`);
  await admin.press('nav a[href="/people"]');
  const at = await admin.page.$$eval('#facility option', (all, name) => all.find((one) => one.textContent.includes(name))?.value, own.name);
  await admin.fill({ username: own.username, password: first, role: 'bank', facility: at });
  await admin.send('form[action="/people"] button');
  await admin.look('people-made');
  await admin.leave();

  const newcomer = await Person.at(house, language, NO_SCRIPT);
  await newcomer.fill({ username: own.username, password: first });
  await newcomer.press('form[action="/sign-in"] button');
  await newcomer.look('sign-in-own-password');
  await newcomer.fill({ username: own.username, password: first, new_password: own.password });
  await newcomer.press('form[action="/sign-in"] button');
  if (!(await newcomer.page.$('form[action="/sign-out"]'))) throw new Error('the newcomer is not signed in');
  await newcomer.leave();
}
