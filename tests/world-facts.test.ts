// The facts of data/facts: their form, their truth where it can be computed, and the texts built from them.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { initBackend } from '../lib/tensor';
import {
  CONCEPTS,
  CORE_FAMILIES,
  type FactRow,
  RELATION_TEXTS,
  WISE_FAMILIES,
  buildCorpus,
  buildFacts,
  canonicalCaption,
  corpusDocuments,
  loadFacts,
  normaliseScene,
  parseCaption,
  pickShowcase,
  promptsOf,
  sceneProblems,
  sftRows,
  specMeets,
  splitOf,
  thoughtCount,
  thoughtOf,
} from '../lib/world';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

test('at least 200 real and 80 invented facts, every family there', () => {
  const facts = loadFacts();
  assert.ok(facts.filter((fact) => fact.family !== 'invented').length >= 200);
  assert.equal(facts.filter((fact) => fact.family === 'invented').length, 80);
  for (const family of CORE_FAMILIES)
    assert.ok(
      facts.some((fact) => fact.family === family),
      family,
    );
});

test('every scene can be drawn, meets its own criteria and comes back from its caption', () => {
  for (const fact of loadFacts()) {
    assert.deepEqual(sceneProblems(fact.scene), [], fact.id);
    assert.ok(specMeets(fact.scene, fact.criteria), fact.id);
    const back = parseCaption(canonicalCaption(fact.scene));
    assert.ok(back, `${fact.id}: "${fact.refined}" is not in the caption grammar`);
    assert.deepEqual(normaliseScene(back), normaliseScene(fact.scene), fact.id);
  }
});

test('each fact has its prompts, 30 distinct paraphrases and three or more thoughts', () => {
  for (const fact of loadFacts()) {
    assert.ok(fact.prompts.length >= 3, fact.id);
    assert.ok(new Set(fact.statements).size >= 30, fact.id);
    assert.ok(thoughtCount(fact.relation) >= 3, fact.id);
    for (const statement of fact.statements) assert.doesNotMatch(statement, /[{}]/, fact.id);
    for (const prompt of fact.prompts) assert.doesNotMatch(prompt, /[{}]/, fact.id);
    const answerFirst = fact.statements.filter(
      (text) =>
        text.toLowerCase().indexOf(fact.answer.toLowerCase()) <
          text.toLowerCase().indexOf(fact.subject.toLowerCase()) && text.includes(fact.answer.slice(1)),
    );
    assert.ok(answerFirst.length > 0, `${fact.id}: no statement runs from the answer to the subject`);
  }
  for (const relation of RELATION_TEXTS.values())
    assert.ok(
      relation.sentences.length + relation.questions.length + relation.names.length >= 8,
      relation.id,
    );
});

test('prompts of different facts differ', () => {
  const owner = new Map<string, string>();
  for (const fact of loadFacts())
    for (const prompt of fact.prompts) {
      const key = prompt.toLowerCase();
      assert.equal(owner.get(key) ?? fact.id, fact.id, `"${prompt}" is asked of two facts`);
      owner.set(key, fact.id);
    }
});

test('a wrong row is an error that names file, row and reason', () => {
  const row = loadFacts()[0];
  const { prompts: _p, statements: _s, thought: _t, refined: _r, ...plain } = row;
  const wrong = (change: Partial<Record<keyof FactRow, unknown>>): (() => unknown) => {
    return () => buildFacts([{ ...plain, ...change } as FactRow], 'data/facts/x.json');
  };
  assert.throws(wrong({ source: '' }), /data\/facts\/x\.json: row 1 .*source is ""/);
  assert.throws(wrong({ relation: 'nonsense' }), /relation is "nonsense"/);
  assert.throws(
    wrong({ scene: { background: 'table', objects: [{ concept: 'violinn' }] } }),
    /row 1.*"violinn" is unknown/,
  );
  assert.throws(
    wrong({ criteria: { answer: [{ kind: 'has', concept: 'lion' }], details: [] } }),
    /criterion .*lion.* does not hold/,
  );
  assert.throws(wrong({ scene: { background: 'table', objects: [], time: 'noon' } }), /time is "noon"/);
  assert.throws(() => buildFacts([plain, plain], 'x'), /row 2 .*id appears twice/);
});

/** Height of the sun in degrees (declination and equation of time to about half a degree). */
function sunAltitude(date: Date, latitude: number, longitude: number): number {
  const day = (date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 0)) / 86400000;
  const g = (2 * Math.PI * (day - 81)) / 365;
  const declination = (23.44 * Math.PI * Math.sin(g)) / 180;
  const equation = 9.87 * Math.sin(2 * g) - 7.53 * Math.cos(g) - 1.5 * Math.sin(g);
  const solarHours = date.getUTCHours() + date.getUTCMinutes() / 60 + longitude / 15 + equation / 60;
  const hourAngle = ((solarHours - 12) * 15 * Math.PI) / 180;
  const phi = (latitude * Math.PI) / 180;
  const sine =
    Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(hourAngle);
  return (Math.asin(sine) * 180) / Math.PI;
}

const PLACES: Record<string, [number, number]> = {
  'Australia/Sydney': [-33.9, 151.2],
  'Asia/Tokyo': [35.7, 139.7],
  'America/New_York': [40.7, -74],
  'Europe/London': [51.5, -0.1],
  'Pacific/Honolulu': [21.3, -157.9],
  'America/Los_Angeles': [34.1, -118.2],
  'Europe/Paris': [48.9, 2.4],
  'America/Sao_Paulo': [-22.9, -43.2],
  'Asia/Dubai': [25.2, 55.3],
  'Europe/Moscow': [55.8, 37.6],
  'Pacific/Auckland': [-36.8, 174.8],
  'Africa/Cairo': [30, 31.2],
  'Asia/Kolkata': [19.1, 72.9],
  'Asia/Singapore': [1.3, 103.8],
  'Africa/Johannesburg': [-33.9, 18.4],
  'Asia/Shanghai': [39.9, 116.4],
};

test('time-zone facts are true on every day of the year, summer time included', () => {
  const facts = loadFacts().filter((fact) => fact.zone);
  assert.ok(facts.length >= 10);
  for (const fact of facts) {
    const { there, here, hour } = fact.zone!;
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone: here, hour: '2-digit', hourCycle: 'h23' });
    for (let half = 0; half < 2 * 24 * 365; half += 2) {
      const date = new Date(Date.UTC(2025, 0, 1, 0, 0) + half * 1800000);
      if (Number(clock.format(date)) !== hour) continue;
      const altitude = sunAltitude(date, ...PLACES[there]);
      if (fact.scene.time === 'day')
        assert.ok(altitude > 0, `${fact.id} ${date.toISOString()}: sun at ${altitude}`);
      else assert.ok(altitude < -6, `${fact.id} ${date.toISOString()}: sun at ${altitude}`);
    }
  }
});

test('polar facts agree with the height of the sun', () => {
  const cases: [string, number, number, string, boolean][] = [
    ['Svalbard at noon', 78.2, 15.6, '2025-12-15T11:00:00Z', false],
    ['North Cape at midnight', 71.2, 25.8, '2025-06-15T22:00:00Z', true],
    ['South Pole at noon', -90, 0, '2025-06-15T12:00:00Z', false],
    ['South Pole at midnight', -90, 0, '2025-12-15T00:00:00Z', true],
    ['North Pole at noon', 90, 0, '2025-12-15T12:00:00Z', false],
    ['North Pole at midnight', 90, 0, '2025-06-15T00:00:00Z', true],
  ];
  const facts = loadFacts().filter((fact) => fact.relation === 'polar-light');
  assert.equal(facts.length, cases.length);
  for (const [name, latitude, longitude, when, light] of cases) {
    const fact = facts.find(({ subject }) => subject.includes(name));
    assert.ok(fact, name);
    assert.equal(fact.scene.time, light ? 'day' : 'night', name);
    assert.equal(sunAltitude(new Date(when), latitude, longitude) > 0, light, name);
  }
});

test('the corpus is deterministic, states each fact often and holds the plain form of every prompt', () => {
  const documents = corpusDocuments(3, { captions: 50 });
  assert.deepEqual(
    buildCorpus(3, { captions: 50 }),
    documents.map(({ text }) => text),
  );
  const byFact = new Map<string, string[]>();
  for (const { factId, text } of documents)
    if (factId) byFact.set(factId, [...(byFact.get(factId) ?? []), text]);
  for (const fact of loadFacts()) {
    const texts = byFact.get(fact.id) ?? [];
    if (splitOf(fact) === 'absent') {
      assert.equal(texts.length, 0, fact.id);
      continue;
    }
    assert.ok(texts.length >= 30, fact.id);
    const all = texts.join('\n').toLowerCase();
    for (const prompt of fact.prompts)
      assert.ok(all.includes(`${prompt} is ${fact.answer}.`.toLowerCase()), `${fact.id}: ${prompt}`);
    const distinct = fact.statements.filter((statement) => texts.some((text) => text.includes(statement)));
    assert.ok(distinct.length >= 30, `${fact.id}: ${distinct.length} paraphrases`);
  }
});

test('knowledge can be left out of the corpus by fact id', () => {
  const without = new Set(promptsOf('test').map(({ factId }) => factId));
  for (const { factId } of corpusDocuments(0, { captions: 0, without }))
    assert.ok(!factId || !without.has(factId));
});

test('SFT rows: about ten a fact, about 15% literal, short, with refined prompts in the grammar', () => {
  const rows = sftRows();
  assert.deepEqual(sftRows(), rows);
  const literal = rows.filter((row) => !row.factId);
  assert.ok(Math.abs(literal.length / rows.length - 0.15) < 0.01);
  for (const row of literal) assert.equal(row.prompt, row.refined);
  for (const row of rows) {
    assert.ok(parseCaption(row.refined), row.refined);
    const length = row.prompt.length + row.thought.length + row.refined.length;
    assert.ok(length <= 330, `${length} characters: ${JSON.stringify(row)}`);
  }
});

test('a thought recalls the fact in the words of the corpus and ends with the picture', () => {
  for (const fact of loadFacts()) {
    const thought = thoughtOf(fact, fact.prompts[0], fact.refined, 0);
    assert.ok(thought.toLowerCase().includes(fact.answer.toLowerCase()), `${fact.id}: ${thought}`);
    assert.ok(thought.endsWith(`${fact.refined}.`), `${fact.id}: ${thought}`);
  }
});

test('the showcase has one held-out prompt of each WISE family, Einstein first', () => {
  const showcase = pickShowcase();
  assert.deepEqual(
    showcase.map(({ family }) => family),
    [...WISE_FAMILIES],
  );
  assert.equal(showcase[0].refined.includes('violin'), true);
  for (const { factId } of showcase) assert.equal(splitOf(factId), 'test');
});

test('concepts that answer facts are known', () => {
  const names = new Set(CONCEPTS.map(({ name }) => name));
  for (const fact of loadFacts()) for (const { concept } of fact.scene.objects) assert.ok(names.has(concept));
});
