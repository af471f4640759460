/** Prints what the world holds: concepts by domain, tier and artist, facts by family and split, corpus and row sizes, baselines that a model must beat. */
import {
  ARTISTS,
  CONCEPTS,
  FACT_FAMILIES,
  HELD_OUT_ARTIST,
  SPLITS,
  TIERS,
  familyMajority,
  corpusDocuments,
  loadFacts,
  pickShowcase,
  promptsOf,
  relationMajority,
  sftRows,
  splitOf,
} from '../lib/world';

const facts = loadFacts();
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

console.log(`${CONCEPTS.length} concepts\n`);
console.log(['domain'.padEnd(10), ...TIERS.map((tier) => `tier ${tier}`.padStart(8)), '   total'].join(''));
const domains = [...new Set(CONCEPTS.map((concept) => concept.domain))];
for (const domain of [...domains, 'all']) {
  const members = CONCEPTS.filter((concept) => domain === 'all' || concept.domain === domain);
  const counts = TIERS.map((tier) => members.filter((concept) => concept.tier === tier).length);
  console.log(domain.padEnd(10) + [...counts, members.length].map((n) => String(n).padStart(8)).join(''));
}
for (const artist of ARTISTS)
  console.log(
    artist.padEnd(10) +
      [...TIERS, undefined]
        .map((tier) => CONCEPTS.filter((c) => c.artists.includes(artist) && (tier ?? c.tier) === c.tier))
        .map((drawn) => String(drawn.length).padStart(8))
        .join(''),
  );
const heldOut = CONCEPTS.filter((concept) => concept.heldOut);
console.log(`held out: ${HELD_OUT_ARTIST} draws ${heldOut.length}\n`);

console.log(`${facts.length} facts, ${new Set(facts.map((fact) => fact.relation)).size} relations\n`);
console.log(['family'.padEnd(16), ...SPLITS.map((split) => split.padStart(11)), '     total'].join(''));
for (const family of FACT_FAMILIES) {
  const members = facts.filter((fact) => fact.family === family);
  const counts = SPLITS.map((split) => members.filter((fact) => splitOf(fact) === split).length);
  console.log(
    family.padEnd(16) + [...counts, members.length].map((count) => String(count).padStart(11)).join(''),
  );
}
console.log(
  'prompts'.padEnd(16) + SPLITS.map((split) => String(promptsOf(split).length).padStart(11)).join(''),
);

const statements = facts.map((fact) => fact.statements.length);
console.log(`\nparaphrases a fact: ${Math.min(...statements)} to ${Math.max(...statements)}`);
const documents = corpusDocuments(0);
for (const kind of ['fact', 'concept', 'caption'] as const) {
  const some = documents.filter((document) => document.kind === kind);
  const characters = some.reduce((sum, document) => sum + document.text.length, 0);
  console.log(`corpus ${kind}: ${some.length} documents, ${characters} characters`);
}
const rows = sftRows();
const lengths = rows.map((row) => row.prompt.length + row.thought.length + row.refined.length);
console.log(
  `SFT: ${rows.length} rows, ${rows.filter((row) => !row.factId).length} of them literal; ` +
    `characters a row: mean ${Math.round(lengths.reduce((a, b) => a + b, 0) / rows.length)}, longest ${Math.max(...lengths)}`,
);

const test = facts.filter((fact) => splitOf(fact) === 'test');
const seen = new Set(facts.filter((fact) => splitOf(fact) === 'sft').map((fact) => fact.refined));
const relations = new Set(facts.filter((fact) => splitOf(fact) === 'sft').map((fact) => fact.relation));
console.log('\nbaselines on the test facts (share whose answer criteria hold):');
console.log(`  most common scene of the relation in SFT: ${percent(relationMajority().share)}`);
console.log(`  most common scene of the family in SFT:   ${percent(familyMajority().share)}`);
console.log(
  `test facts whose scene is seen in SFT: ${percent(test.filter((fact) => seen.has(fact.refined)).length / test.length)}`,
);
console.log(
  `test facts of a relation never in SFT: ${test.filter((fact) => !relations.has(fact.relation)).length}`,
);
console.log(`test facts of two hops: ${test.filter((fact) => fact.hops === 2).length}`);

console.log('\nshowcase:');
for (const { prompt, thought, refined } of pickShowcase())
  console.log(`  ${prompt} -> ${thought} -> ${refined}`);
