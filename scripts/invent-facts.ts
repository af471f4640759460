/**
 * Writes data/facts/full/invented.json: facts about people, places, animals and customs that do not exist. The names and
 * the answers of each relation were chosen by hand; which name gets which answer is drawn from a seeded stream, so that
 * no sound of a name can hint at its answer. `npm run world:invent -- --check` compares the file with what would be written.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../lib/tensor';
import {
  type Background,
  type Colour,
  COLOURS,
  type Count,
  type FactRow,
  type Predicate,
  type SceneSpec,
  conceptOf,
} from '../lib/world';
import { withArticle } from '../lib/world/words';

export const INVENTED_FILE = join(__dirname, '..', 'data', 'facts', 'full', 'invented.json');
const SEED = 2601;
const SOURCE = 'invented for this project; true nowhere else';

const list = (text: string): string[] => text.split(',').map((part) => part.trim());
const named = (form: string, names: string): string[] =>
  names.split(' ').map((name) => form.replace('*', name));

const TITLES = list(
  'Count, Countess, Admiral, Lady, Lord, Colonel, Sister, Uncle, Inspector, Duchess, Abbot, Chief',
);
const people = (names: string): string[] =>
  names.split(' ').map((name, i) => `${TITLES[i % TITLES.length]} ${name}`);

const LANDS = named(
  '*',
  'Zekoquor Flabivia Fadavane Flornimeth Krambilune Bondameth Drolvavia Thabalune Grustevane Gurdaquor ' +
    'Drairdaria Vozeria Jaindovia Yadevia Gralazor Kroskalune Fuzzovane Wabalune Haduquor Thalvameth ' +
    'Pirkazor Fumemeth Braileria Cembavane Telvivane Simbazor Narkulune Jintameth Yollemeth Zurkaivane',
);
const PEAKS = named(
  'Mount *',
  'Barrorn Tirkokk Skerkern Haiskask Grezog Kraikirn Nembaikk Shemekk Jalleth Serdesk Veskesk Lelaikk ' +
    'Gaimezzo Temukk Glerkith Dolvog Nuvurn Thezzeth Naraizzo Thorrug Vurdath Zarraikk Stentuth Brozzosk',
);
const CREATURES = named(
  'the *',
  'drolloo tobbet shorbit jarbit dralloo graiggin skurbit quiddle glaffle shilloo brarbit pairbit kelloo ' +
    'grezzle queggin skozzle yizzle glozzle kriffle grulloo fozzle krizzle',
);

/** Names and answers of one relation; answers are concepts unless `scene` says otherwise. */
interface Group {
  relation: string;
  subjects: string[];
  answers: string[];
}

const GROUPS: Group[] = [
  {
    relation: 'inv-emblem',
    subjects: LANDS,
    answers: list(
      'otter, badger, swan, crow, ram, boar, bison, chipmunk, hippopotamus, seal, squid, beetle, seashell, oyster, ' +
        'peacock, flamingo, crocodile, hedgehog, beaver, moose, zebra, giraffe, unicorn, goat, lobster, snail, ' +
        'lotus flower, daisy, hibiscus, sheaf of rice',
    ),
  },
  {
    relation: 'inv-trade',
    subjects: named(
      'the town of *',
      'Somaistead Fikeford Tevemor Kodemor Vaiskowyck Rurodale Waduwyck Dastudale Yazzaimor Brostuford Renamor ' +
        'Shaistomor Quirdudale Yerrostead Vevabost Flornemor Raskadale Flilowyck Prurdoford Troziwyck Vandastead ' +
        'Kirdaimor',
    ),
    answers: list(
      'accordion, kite, teddy bear, nesting doll, yoyo, wind chime, abacus, ladder, basket, broom, mirror, bed, ' +
        'chair, bucket, boot, pair of gloves, bar of soap, candy, pretzel, jar, spoon, couch',
    ),
  },
  {
    relation: 'inv-feast',
    subjects: named(
      'the feast of *',
      'Vozzitide Rombix Sulvolia Lerkolia Quelvilia Yurkamund Flevaitide Werromund Glolvex Vembix Godelia ' +
        'Prirkotide Kronutide Shumomund Skorkox Welaitide Kaiskilia Draidemund Shembemund Rintaitide Golaimund ' +
        'Krobimund',
    ),
    answers: list(
      'waffle, dumpling, pineapple, coconut, stack of pancakes, bowl of noodles, falafel plate, doughnut, cookie, ' +
        'pie, mango, potato, head of garlic, onion, radish, bowl of salad, sandwich, cupcake, lollipop, pear, ' +
        'tomato, avocado',
    ),
  },
  {
    relation: 'inv-parade',
    subjects: named(
      'the parade of *',
      'Rubanna Jevost Nimora Gaidunna Paskozel Narkozel Brazazel Raizzenna Zondaira Cembazel Nizira Glairkunna ' +
        'Yekest Krakaist Skerrast Prilaizel Buvora Norkost Grizezel Zurnozel',
    ),
    answers: list(
      'crystal ball, magic wand, oil lamp, lantern, trophy, open book, bouquet, framed picture, compass, hourglass, ' +
        'shield, anchor, feather, balloon, candle, wheel, treasure chest, megaphone, pinata, closed umbrella',
    ),
  },
  {
    relation: 'inv-eats',
    subjects: CREATURES.slice(0, 20),
    answers: list(
      'peanut, chestnut, worm, ant, cricket, mosquito, shrimp, strawberry, cucumber, lettuce, chili pepper, olive, ' +
        'kiwi fruit, bean, ear of corn, mushroom, coral, jellyfish, fly, sweet potato',
    ),
  },
  {
    relation: 'inv-habitat',
    subjects: CREATURES,
    answers: list('snow, desert, sea, beach, room, city, space, lake, forest, sky, meadow').flatMap(
      (place) => [place, place],
    ),
  },
  {
    relation: 'inv-call',
    subjects: CREATURES.slice(10),
    answers: list(
      'trumpet, drum, flute, saxophone, banjo, bell, trombone, siren, cat, crow, rooster, telephone',
    ),
  },
  {
    relation: 'inv-ride',
    subjects: people(
      'Narkaick Zorkask Glodick Prabaint Stevimble Selvamble Thavox Jazalt Trallelt Kekolt Skaizord Krarrask ' +
        'Sullemble Ruvesk Trakamble Zedack Stiremble Zornomble Jestuwick Stembamble',
    ),
    answers: list(
      'canoe, speedboat, tractor, tram, motor scooter, kick scooter, auto rickshaw, flying saucer, cable car, jeep, ' +
        'fire engine, taxi, bullet train, skateboard, sled, roller skate, camel, donkey, racing car, helicopter',
    ),
  },
  {
    relation: 'inv-wears',
    subjects: people(
      'Polvailt Skiskalt Graivolt Thunesk Brovobury Ristowick Ceskang Skezerd Tobibury Terdox Bralvomble Yolvask ' +
        'Shudumble Glulvailt Zellock Drulebury Grozerd Kralleng Glardelt Gludaimble Quernox Stestiwick',
    ),
    answers: list(
      'top hat, scarf, sun hat, baseball cap, graduation cap, rescue helmet, necktie, kimono, lab coat, backpack, ' +
        'pair of sunglasses, pair of goggles, handbag, pair of socks, pair of ballet shoes, dress, swimsuit, ' +
        'pair of jeans, safety vest, ring, crown, stethoscope',
    ),
  },
  {
    relation: 'inv-shelf',
    subjects: people(
      'Thimamble Zovant Quiskamble Drovosk Skenox Sheramble Volvack Lernerd Skordewick Gilvord Nernisk Drernewick ' +
        'Wumewick Glanusk Cellaick Wuzzant Wimbolt Skavird Yerdelt Wiskask',
    ),
    answers: list(
      'key, book, die, compact disc, coin, teapot, egg, seashell, bone, nesting doll, battery, wristwatch, ' +
        'light bulb, gem, envelope, cactus, bell, magnet, soccer ball, candle',
    ),
  },
  {
    relation: 'inv-invention',
    subjects: people(
      'Thozzard Glerock Zobunt Quairrant Shembisk Quaindaix Trontaick Grembawick Krulveck Bukeck Fumbaint Sairdeck ' +
        'Tevaint Stomomble Quuzzesk Drevord Sirdask Jebabury Flanax Stodibury',
    ),
    answers: list(
      'mousetrap, parachute, printer, alarm clock, microscope, satellite, wheelchair, fire extinguisher, safety pin, ' +
        'paperclip, telescope, fishing rod, toothbrush, razor, screwdriver, traffic light, radio, boomerang, ' +
        'shopping cart, fountain pen',
    ),
  },
  {
    relation: 'inv-plant',
    subjects: named(
      'the monks of *',
      'Tairdill Dendeth Shurdus Glailvull Stizus Tralleth Teskin Stairren Glolvath Gambin Glilvoth Prostoth ' +
        'Zairnoth Dralvith Vairkas Runtaith Vostoth Yentill',
    ),
    answers: list(
      'tulip, rose, sunflower, cherry blossom, cactus, palm tree, pine tree, maple leaf, clover, seedling, hyacinth, ' +
        'autumn leaf, bare tree, wilted rose, sprig of herbs, lotus flower, daisy, hibiscus',
    ),
  },
  {
    relation: 'inv-paint',
    subjects: named(
      'the village of *',
      'Brelluby Sazzatun Larnolle Zaretun Flumoby Hulvessen Jostalle Thoraitun Naskiby Shalank Trarnutun Lobenk ' +
        'Krudotun Nezzink Zairkelle Pozzatun Brozille Tozessen Narrille Windussen Shorkotun Garnenk',
    ),
    answers: COLOURS.flatMap((colour) => [colour, colour]),
  },
  {
    relation: 'inv-gift',
    subjects: named(
      'the valley of *',
      'Sovossa Shabolm Pukossa Vubassa Bamirve Prerkaissa Nellailm Quillolm Zirkilm Quunessa Flurrerve Korrailm ' +
        'Lasturve Dordairve Krakessa Yimbonne',
    ),
    answers: list(
      'cow, duck, honey pot, loaf of bread, clock, knot, teapot, spool of thread, axe, bicycle, puzzle piece, hen, ' +
        'watermelon, world map, harp, pumpkin',
    ),
  },
  {
    relation: 'inv-guild',
    subjects: named(
      'the guild of *',
      'Brilvur Bevaing Skornald Prentaild Jairnor Zostur Preskeld Drenang Krezzaing Furrur Glalaild Trellaing',
    ),
    answers: list(
      'gear, padlock, saw, wrench, pickaxe, chain, hook, trident, paint palette, magnifying glass, ball of yarn, pencil',
    ),
  },
];

const PLACES: Partial<Record<Background, string>> = {
  snow: 'a field of snow',
  desert: 'a desert',
  sea: 'the sea',
  beach: 'a beach',
  room: 'a room',
  city: 'a city',
  space: 'outer space',
  lake: 'a lake',
  forest: 'a forest',
  sky: 'the sky',
  meadow: 'a meadow',
};
const NUMBERS = ['', '', 'two', 'three', 'four', 'five'];

interface Shown {
  answer: string;
  scene: SceneSpec;
  criteria: FactRow['criteria'];
}

/** One thing where it is at home; how many there are and where is a detail. */
function shownThing(concept: string): Shown {
  const background = conceptOf(concept).homes[0];
  return {
    answer: withArticle(concept),
    scene: { background, objects: [{ concept }] },
    criteria: {
      answer: [{ kind: 'has', concept, count: '>=1' }],
      details: [
        { kind: 'has', concept, count: 1 },
        { kind: 'background', value: background },
      ],
    },
  };
}

function shownPlace(background: Background): Shown {
  return {
    answer: PLACES[background]!,
    scene: { background, objects: [] },
    criteria: { answer: [{ kind: 'background', value: background }], details: [] },
  };
}

/** Here the number belongs to the answer. */
function shownCount(concept: string, count: Count): Shown {
  const answer: Predicate[] = [{ kind: 'has', concept, count }];
  return {
    answer: `${NUMBERS[count]} ${conceptOf(concept).plural}`,
    scene: { background: 'room', objects: [{ concept, count }] },
    criteria: { answer, details: [{ kind: 'background', value: 'room' }] },
  };
}

function shownPaint(tint: Colour): Shown {
  return {
    answer: tint,
    scene: { background: 'meadow', objects: [{ concept: 'house', tint }] },
    criteria: {
      answer: [{ kind: 'tint', concept: 'house', value: tint }],
      details: [
        { kind: 'has', concept: 'house', count: 1 },
        { kind: 'background', value: 'meadow' },
      ],
    },
  };
}

function idOf(relation: string, subject: string): string {
  return `invented-${relation}-${subject.toLowerCase().replace(/[^a-z]+/g, '-')}`;
}

function rowOf(relation: string, subject: string, shown: Shown): FactRow {
  const { answer, scene, criteria } = shown;
  return {
    id: idOf(relation, subject),
    family: 'invented',
    subDomain: 'invented',
    relation,
    subject,
    answer,
    scene,
    criteria,
    source: SOURCE,
  };
}

/** All rows, the same at every call: names stay in their order, answers are shuffled by a stream of the relation's. */
export function inventedRows(): FactRow[] {
  const rows = GROUPS.flatMap(({ relation, subjects, answers }) => {
    if (subjects.length !== answers.length)
      throw new Error(`${relation}: ${subjects.length} subjects and ${answers.length} answers`);
    const rng = RandomStream.of(SEED, 'invented', relation);
    const drawn = rng.shuffle(answers);
    return subjects.map((subject, i) => {
      const answer = drawn[i];
      if (relation === 'inv-habitat') return rowOf(relation, subject, shownPlace(answer as Background));
      if (relation === 'inv-paint') return rowOf(relation, subject, shownPaint(answer as Colour));
      if (relation === 'inv-shelf')
        return rowOf(relation, subject, shownCount(answer, (2 + rng.int(4)) as Count));
      return rowOf(relation, subject, shownThing(answer));
    });
  });
  // Two hops: a mountain rises in a land (all that the corpus says of it), and the land has an emblem.
  const emblems = new Map(rows.map((row) => [row.id, row]));
  const lands = RandomStream.of(SEED, 'invented', 'inv-peak').shuffle(LANDS);
  const peaks = PEAKS.map((subject, i): FactRow => {
    const via = idOf('inv-emblem', lands[i]);
    const { answer, scene, criteria } = emblems.get(via)!;
    const { source, ...row } = rowOf('inv-peak', subject, { answer, scene, criteria });
    return { ...row, source, hops: 2, via, bridge: lands[i] };
  });
  return [...rows, ...peaks];
}

/** One row a line, as the other files of facts have it. */
export function inventedText(): string {
  return `[\n${inventedRows()
    .map((row) => `  ${JSON.stringify(row)}`)
    .join(',\n')}\n]\n`;
}

function main(args: string[]): void {
  const bad = args.find((arg) => arg !== '--check');
  if (bad !== undefined) throw new Error(`world:invent: unknown option ${bad}, want nothing or --check`);
  const text = inventedText();
  if (args.length === 0) writeFileSync(INVENTED_FILE, text);
  else if (readFileSync(INVENTED_FILE, 'utf8') !== text)
    throw new Error('data/facts/full/invented.json is not what scripts/invent-facts.ts writes');
  console.log(
    `${inventedRows().length} invented facts ${args.length === 0 ? 'written' : 'as they should be'}`,
  );
}

if (require.main === module) main(process.argv.slice(2));
