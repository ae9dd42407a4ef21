// The pictures of README and docs, of the running demo: `node tests/browser/pictures.mjs path/to/shiryan`.

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { launch } from './lib/chromium.mjs';
import { Person } from './lib/person.mjs';
import { Report } from './lib/report.mjs';
import { startDemo } from './lib/service.mjs';

const DESK = { width: 1280, height: 860, deviceScaleFactor: 1 };
const PHONE = { width: 360, height: 720, deviceScaleFactor: 1.5 };

const service = await startDemo(process.argv[2], []);
const browser = await launch();
const house = { base: service.base, browser, report: new Report() };
const to = fileURLToPath(new URL('../../docs/pictures', import.meta.url));
await mkdir(to, { recursive: true });

async function picture(person, name, viewport) {
  await person.page.setViewport(viewport);
  await person.page.screenshot({ path: join(to, `${name}.webp`), type: 'webp', quality: 60 });
}

try {
  const command = await Person.signedIn(house, 'command', 'ar');
  await picture(command, 'reserve-ar', { ...DESK, height: 1120 });
  await command.leave();

  const ahead = await Person.signedIn(house, 'command', 'en');
  await ahead.open('/where?group=o_neg&component=red_cells');
  await picture(ahead, 'where-en', DESK);
  await ahead.open('/ahead');
  await picture(ahead, 'ahead-en', DESK);
  await ahead.leave();

  const medic = await Person.signedIn(house, 'medic', 'ar');
  await medic.open('/drives');
  await medic.press('main table a');
  await picture(medic, 'drive-ar', PHONE);
  await medic.leave();

  const asks = await Person.signedIn(house, 'hospital', 'ar');
  await asks.open('/find?recipient_group=a_pos&group_evidence=confirmed&component=red_cells&governorate=&within_hours=24');
  await picture(asks, 'find-ar', { ...DESK, height: 1040 });
  await asks.leave();

  const hospital = await Person.signedIn(house, 'hospital', 'en');
  await hospital.open('/requests/new');
  await hospital.fill({ units: 2, blood_group: 'a_pos', group_evidence: 'confirmed', patient: 'P-17' });
  await hospital.send('form[action="/requests/new"] button');
  const request = hospital.path();
  await hospital.leave();
  const bank = await Person.signedIn(house, 'bank', 'en');
  await bank.open(request);
  await bank.send('form[action$="/accept"] button');
  await picture(bank, 'request-en', { ...DESK, height: 1040 });
  await bank.leave();
} finally {
  await browser.close();
  await service.stop();
}
