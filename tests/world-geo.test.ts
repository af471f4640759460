// The facts of time and space in data/facts/full/geo-*: computed files are what their script writes, and true by other means.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MoonPhase } from 'astronomy-engine';
import {
  type FactRow,
  canonicalCaption,
  loadFacts,
  normaliseScene,
  parseCaption,
  sceneProblems,
  specMeets,
  specSatisfies,
} from '../lib/world';
import { GEO_FILES, rowsText } from '../scripts/world/geo-facts';
import {
  CITIES,
  FLAG_OF,
  MAP_PAIRS,
  capitalFacts,
  capitalOf,
  cityOf,
  domainFacts,
  flagConcept,
} from '../scripts/world/geo-flags';
import {
  CLOCKS,
  DATES,
  LIGHTS,
  MOON_EVENTS,
  PLACES,
  YEARS,
  clockFacts,
  dateFacts,
  instantOf,
  lightFacts,
  phaseName,
  polarFacts,
  seasonFacts,
  weekdayOf,
} from '../scripts/world/geo-sky';

const FULL = join(__dirname, '..', 'data', 'facts', 'full');
const files = readdirSync(FULL).filter((file) => file.startsWith('geo-'));
const read = (file: string): string => readFileSync(join(FULL, file), 'utf8');
const rows = files.flatMap((file) => JSON.parse(read(file)) as FactRow[]);

test('computed files are what the script writes', () => {
  for (const [file, make] of Object.entries(GEO_FILES)) assert.equal(read(file), rowsText(make()), file);
});

test('every row can be drawn, said and read back, meets its criteria and has words', () => {
  const { relations } = JSON.parse(read('relations-geo.json')) as { relations: { id: string }[] };
  const known = new Set(relations.map(({ id }) => id));
  assert.ok(rows.length >= 480);
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
  for (const row of rows) {
    assert.deepEqual(sceneProblems(row.scene), [], row.id);
    assert.ok(specMeets(row.scene, row.criteria), row.id);
    assert.ok(known.has(row.relation), row.id);
    const back = parseCaption(canonicalCaption(row.scene));
    assert.ok(back, row.id);
    assert.deepEqual(normaliseScene(back), normaliseScene(row.scene), row.id);
    assert.match(`${row.subject}${row.answer}${row.source}`, /^[\x20-\x7e]+$/, row.id);
    assert.ok(row.source.length > 0, row.id);
  }
  for (const id of known) assert.ok(rows.filter(({ relation }) => relation === id).length >= 5, id);
});

test('the scene of another answer does not meet the criteria of a row', () => {
  for (const row of rows)
    for (const other of rows) {
      const same = JSON.stringify(other.criteria.answer) === JSON.stringify(row.criteria.answer);
      if (other.relation !== row.relation || same) continue;
      const met = row.criteria.answer.every((predicate) => specSatisfies(other.scene, predicate));
      assert.ok(!met, `${row.id} is met by the scene of ${other.id}`);
    }
});

test('no subject is asked of in the core edition with the same answer', () => {
  const core = new Set(loadFacts().map(({ subject, answer }) => `${subject}|${answer}`.toLowerCase()));
  for (const { id, subject, answer } of rows) assert.ok(!core.has(`${subject}|${answer}`.toLowerCase()), id);
});

test('flags: one a country, capitals and domains of another source, cities in one list only', () => {
  const regions = new Intl.DisplayNames('en', { type: 'region' });
  for (const [code, name] of Object.entries(FLAG_OF))
    assert.equal(`the ${regions.of(code)}`.endsWith(name.replace(/^the /, '')), true, code);
  assert.equal(new Set(Object.keys(FLAG_OF).map(flagConcept)).size, Object.keys(FLAG_OF).length);
  const spot: Record<string, string> = {
    AU: 'Canberra',
    CA: 'Ottawa',
    BR: 'Brasilia',
    NG: 'Abuja',
    PK: 'Islamabad',
    CH: 'Bern',
  };
  for (const [code, capital] of Object.entries(spot)) assert.equal(capitalOf(code), capital);
  assert.equal(
    capitalFacts().some(({ subject }) => subject === 'Jerusalem' || subject === 'London'),
    false,
  );
  assert.ok(
    domainFacts().some(({ subject, answer }) => subject === '.uk' && answer.includes('United Kingdom')),
  );
  const once = new Set([...capitalFacts().map(({ subject }) => subject), ...CITIES.map(([city]) => city)]);
  for (const [a, b] of MAP_PAIRS) for (const [city] of [a, b]) assert.ok(!once.has(city), city);
});

test('flags on the map: the list of positions agrees with the words', () => {
  const mapped = rows.filter(({ relation }) => relation === 'geo-map-side');
  for (const [[cityA, codeA], [cityB, codeB]] of MAP_PAIRS) {
    const row = mapped.find(({ subject }) => subject === `${cityA} and ${cityB}`);
    assert.ok(row, cityA);
    const [a, b] = [cityOf(cityA, codeA), cityOf(cityB, codeB)];
    const aFirst = row.scene.objects[0].concept === flagConcept(codeA);
    const [first, second] = aFirst ? [a, b] : [b, a];
    if (row.scene.relation === 'left of') assert.ok(first.lng < second.lng, row.id);
    else assert.ok(first.lat > second.lat, row.id);
  }
});

/** Height of the sun in degrees without astronomy-engine (declination and equation of time to about half a degree). */
function sunAltitude(date: Date, latitude: number, longitude: number): number {
  const day = (date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 0)) / 86400000;
  const g = (2 * Math.PI * (day - 81)) / 365;
  const declination = (23.44 * Math.PI * Math.sin(g)) / 180;
  const equation = 9.87 * Math.sin(2 * g) - 7.53 * Math.cos(g) - 1.5 * Math.sin(g);
  const solarHours = date.getUTCHours() + date.getUTCMinutes() / 60 + longitude / 15 + equation / 60;
  const hourAngle = ((solarHours - 12) * 15 * Math.PI) / 180;
  const phi = (latitude * Math.PI) / 180;
  return (
    (Math.asin(
      Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(hourAngle),
    ) *
      180) /
    Math.PI
  );
}

test('light elsewhere agrees with a second formula for the sun, summer time included', () => {
  const facts = lightFacts();
  assert.equal(facts.length, LIGHTS.length);
  LIGHTS.forEach(([, , there, here, hour, day, month], i) => {
    for (const year of YEARS) {
      const instant = instantOf(PLACES[here][0], year, month, day, hour);
      const [, latitude, longitude] = PLACES[there];
      const height = sunAltitude(instant, latitude, longitude);
      const rises = sunAltitude(new Date(instant.getTime() + 600000), latitude, longitude) > height;
      const { id, scene } = facts[i];
      if (scene.time === 'day') assert.ok(height > 10, `${id}: ${height}`);
      else if (scene.time === 'night') assert.ok(height < -10, `${id}: ${height}`);
      else {
        assert.ok(height > -4 && height < 6, `${id}: ${height}`);
        assert.equal(rises, scene.time === 'sunrise', id);
      }
    }
  });
});

test('clocks agree with differences known by heart', () => {
  const known: [there: string, here: string, month: number, hours: number][] = [
    ['Tokyo', 'London', 1, 9],
    ['Tokyo', 'London', 7, 8],
    ['Sydney', 'London', 1, 11],
    ['Sydney', 'London', 7, 9],
    ['Mumbai', 'London', 1, 5.5],
    ['Mumbai', 'Tokyo', 7, -3.5],
    ['Kathmandu', 'London', 1, 5.75],
    ['Los Angeles', 'New York', 7, -3],
    ['Honolulu', 'Los Angeles', 7, -3],
    ['Honolulu', 'Los Angeles', 1, -2],
    ['New York', 'Rome', 1, -6],
    ['Tucson', 'New York', 7, -3],
    ['Tucson', 'New York', 1, -2],
    ['Reykjavik', 'Berlin', 7, -2],
    ['Auckland', 'Tokyo', 1, 4],
    ['Darwin', 'Singapore', 7, 1.5],
  ];
  for (const [there, here, month, hours] of known) {
    const at = CLOCKS.findIndex(([a, b, , , m]) => a === there && b === here && m === month);
    assert.ok(at >= 0, `${there} ${here}`);
    const minutes = ((((CLOCKS[at][2] + hours) * 60) % 1440) + 1440) % 1440;
    const [hour, minute] = [Math.floor(minutes / 60), minutes % 60];
    const text = `${hour % 12 || 12}${minute ? `:${minute}` : ''} ${hour < 12 ? 'AM' : 'PM'}`;
    assert.equal(clockFacts()[at].answer, text, `${there} ${here}`);
  }
});

test('weekdays agree with Date, seasons with the hemisphere', () => {
  for (const [year, month, day] of DATES) {
    const date = new Date(Date.UTC(year, month - 1, day));
    assert.equal(
      weekdayOf(year, month, day),
      date.toLocaleDateString('en-US', { weekday: 'long', timeZone: 'UTC' }),
    );
  }
  assert.ok(dateFacts().every(({ answer }) => answer !== 'Wednesday'));
  const season = (subject: string): string | undefined =>
    seasonFacts().find((fact) => fact.subject === subject)?.answer;
  assert.equal(season('the season in Cape Town in January'), 'summer');
  assert.equal(season('the season in Vienna in January'), 'winter');
  assert.equal(season('the season in Wellington in October'), 'spring');
  assert.equal(season('the season in Kyoto in October'), 'autumn');
});

test('moon phases agree with the mean month, eclipses with new and full moon', () => {
  for (const [utc, words] of MOON_EVENTS) {
    const when = new Date(`${utc}Z`);
    const degrees = MoonPhase(when);
    // Days since the new moon of 6 January 2000, 18:14 UTC; the true moon strays from the mean one by up to 15 degrees.
    const mean = (((when.getTime() - Date.UTC(2000, 0, 6, 18, 14)) / 86400000 / 29.530588) * 360) % 360;
    const off = Math.abs(((degrees - mean + 540 + 360) % 360) - 180);
    assert.ok(off < 18, `${words}: ${degrees} against ${mean}`);
    if (/^(the|Eddington's) eclipse/.test(words)) assert.equal(phaseName(degrees), 'new moon', words);
    if (words.startsWith('the red eclipse')) assert.equal(phaseName(degrees), 'full moon', words);
  }
});

test('polar rows: midnight sun in summer, noon night in winter', () => {
  const light = (subject: string): string | undefined =>
    polarFacts().find((fact) => fact.subject === subject)?.scene.time;
  assert.equal(light('the fjord at Tromso at midnight local time on 21 June'), 'day');
  assert.equal(light('the tundra near Longyearbyen at noon local time on 21 December'), 'night');
  assert.equal(light('McMurdo Station at midnight local time on 21 December'), 'day');
  assert.equal(light('McMurdo Station at midnight local time on 21 June'), 'night');
  assert.equal(light('the beach of Reykjavik at 3 AM local time on 21 June'), 'sunrise');
});
