/** Vehicles as SVG, seen from the side, the front or behind: wheels stand on y = 0, up is negative, x = 0 is the middle. */

const glass = (dice) => dice.pick(['#2b3a46', '#4d6675', '#9fc0d0', '#1e2328', '#7d94a0']);
const round = (x, y, w, h, r, fill) => `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="${r}" fill="${fill}"/>`;
const polygon = (points, fill) =>
  `<path d="M${points.map((p) => p.join(' ')).join('L')}Z" fill="${fill}" stroke="${fill}" stroke-width="2" stroke-linejoin="round"/>`;
/** Darker towards the ground, as bodies are. */
const shade = (x, y, w, h) => `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="#000" opacity=".18"/>`;

function wheel(dice, x, r) {
  const rim = dice.pick(['#c9ccd0', '#8d9299', '#3a3d42', '#e4e4e0']);
  return `<circle cx="${x}" cy="${-r}" r="${r}" fill="#17181a"/><circle cx="${x}" cy="${-r}" r="${r * 0.58}" fill="${rim}"/><circle cx="${x}" cy="${-r}" r="${r * 0.18}" fill="#222"/>`;
}

export function car(dice) {
  return dice.chance(0.68) ? carSide(dice) : carEnd(dice, dice.chance(0.5));
}

/** Sedan, hatchback, estate, coupé or off-roader: proportions are drawn from ranges that run into each other. */
function carSide(dice) {
  const length = dice.between(92, 112);
  const half = length / 2;
  const r = dice.between(7.5, 10);
  const sill = -r * dice.between(0.7, 0.95);
  const belt = sill - dice.between(12, 16);
  const roof = belt - dice.between(9, 14);
  const tail = dice.pick(['sedan', 'hatch', 'estate', 'coupe']);
  const bonnet = half - length * dice.between(0.24, 0.3);
  const screen = bonnet - length * dice.between(0.1, 0.16);
  const back = { sedan: -half + length * 0.2, hatch: -half + 4, estate: -half + 2, coupe: -half + length * 0.12 }[tail];
  const top = { sedan: back + length * 0.12, hatch: back + length * 0.09, estate: back + length * 0.04, coupe: back + length * 0.24 }[tail];
  const paint = dice.colour();
  const window = glass(dice);
  const inset = 2.2;
  const pillar = (top + screen) / 2 + dice.between(-4, 4);
  const svg =
    polygon(
      [
        [-half, sill],
        [-half, belt + 2],
        [back, belt],
        [bonnet, belt],
        [half - 3, belt + dice.between(3, 6)],
        [half, sill],
      ],
      paint,
    ) +
    polygon(
      [
        [back, belt],
        [top, roof],
        [screen, roof],
        [bonnet, belt],
      ],
      paint,
    ) +
    polygon(
      [
        [back + inset + 2, belt - 1],
        [top + inset, roof + inset],
        [pillar - 1.5, roof + inset],
        [pillar - 1.5, belt - 1],
      ],
      window,
    ) +
    polygon(
      [
        [pillar + 1.5, belt - 1],
        [pillar + 1.5, roof + inset],
        [screen - 1, roof + inset],
        [bonnet - inset - 3, belt - 1],
      ],
      window,
    ) +
    shade(-half, sill - 5, length, 5) +
    `<line x1="${pillar}" y1="${belt}" x2="${pillar}" y2="${sill - 2}" stroke="#000" opacity=".35" stroke-width=".8"/>` +
    round(pillar - 9, belt + 3, 5, 1.3, 0.6, '#222') +
    round(half - 5, belt + 6, 5, 3.4, 1.5, '#f7edc2') +
    round(-half - 0.5, belt + 4, 3.5, 4, 1, '#c2272d') +
    wheel(dice, -half + length * dice.between(0.18, 0.22), r) +
    wheel(dice, half - length * dice.between(0.17, 0.21), r);
  return { svg, width: length, height: -roof };
}

/** From the front, or from behind. */
function carEnd(dice, front) {
  const w = dice.between(50, 58);
  const half = w / 2;
  const r = dice.between(6, 8);
  const belt = -dice.between(22, 27);
  const roof = belt - dice.between(12, 17);
  const shoulder = half * dice.between(0.66, 0.78);
  const paint = dice.colour();
  const lamp = front ? '#fbf3cf' : '#c2272d';
  const svg =
    round(-half + 2, -r * 2, 9, r * 2, 2, '#17181a') +
    round(half - 11, -r * 2, 9, r * 2, 2, '#17181a') +
    polygon(
      [
        [-half + 3, belt],
        [-shoulder, roof],
        [shoulder, roof],
        [half - 3, belt],
      ],
      paint,
    ) +
    polygon(
      [
        [-half + 8, belt - 1],
        [-shoulder + 2.5, roof + 3],
        [shoulder - 2.5, roof + 3],
        [half - 8, belt - 1],
      ],
      glass(dice),
    ) +
    round(-half, belt - 1, w, -belt - r * 0.7, 6, paint) +
    shade(-half + 2, -r * 1.7, w - 4, r) +
    round(-half + 2.5, belt + 5, 10, 5, 2.3, lamp) +
    round(half - 12.5, belt + 5, 10, 5, 2.3, lamp) +
    (front ? round(-9, belt + 6, 18, 5, 1.5, '#1d1e20') : round(-half + 14, belt + 4, w - 28, 1.2, 0.5, '#333')) +
    round(-7, -r * 1.9, 14, 4, 0.6, '#f1f0ea') +
    round(-half - 3, belt - 4, 4, 3, 1, paint) +
    round(half - 1, belt - 4, 4, 3, 1, paint);
  return { svg, width: w, height: -roof };
}

export function truck(dice) {
  return dice.chance(0.68) ? truckSide(dice) : truckEnd(dice, dice.chance(0.5));
}

/** A cab and what it carries: box, trailer, tank, tipper, flatbed with freight, or concrete mixer. */
function truckSide(dice) {
  const length = dice.between(96, 140);
  const half = length / 2;
  const r = dice.between(6.5, 8.5);
  const chassis = -r * 1.5;
  const cabLength = dice.between(20, 28);
  const cabFront = half;
  const cabBack = half - cabLength;
  const cabTop = chassis - dice.between(25, 34);
  const paint = dice.colour();
  const nose = dice.chance(0.3) ? dice.between(9, 14) : 0;
  const cab = nose
    ? polygon(
        [
          [cabBack, chassis],
          [cabBack, cabTop],
          [cabFront - nose - 2, cabTop],
          [cabFront - nose + 2, cabTop + 14],
          [cabFront, cabTop + 16],
          [cabFront, chassis],
        ],
        paint,
      )
    : polygon(
        [
          [cabBack, chassis],
          [cabBack, cabTop + 1],
          [cabBack + 3, cabTop],
          [cabFront - 4, cabTop],
          [cabFront, cabTop + 14],
          [cabFront, chassis],
        ],
        paint,
      );
  const pane = polygon(
    [
      [cabFront - nose - 12, cabTop + 4],
      [cabFront - nose - 5, cabTop + 4],
      [cabFront - nose - 2, cabTop + 13],
      [cabFront - nose - 12, cabTop + 13],
    ],
    glass(dice),
  );
  const bed = { from: -half, to: cabBack - dice.between(1.5, 5), base: chassis };
  const load = dice.pick([box, box, box, tank, tipper, flatbed, mixer])(dice, bed, cabTop);
  const axles = [half - cabLength * 0.45, -half + r * 1.6, -half + r * 3.8];
  if (dice.chance(0.5)) axles.push(cabBack - r * 1.4);
  const svg =
    round(-half, chassis - 2, length - 2, 4, 0.5, '#2a2b2e') +
    load.svg +
    cab +
    pane +
    shade(cabBack, chassis - 6, cabLength, 6) +
    `<line x1="${cabFront - nose - 14}" y1="${cabTop + 3}" x2="${cabFront - nose - 14}" y2="${chassis - 2}" stroke="#000" opacity=".35" stroke-width=".8"/>` +
    round(cabFront - 3.5, chassis - 7, 4, 4, 1, '#f7edc2') +
    axles.map((x) => wheel(dice, x, r)).join('');
  return { svg, width: length, height: Math.max(-cabTop, load.height) };
}

function box(dice, { from, to, base }, cabTop) {
  const top = cabTop - dice.between(-3, 12);
  const wall = dice.chance(0.45) ? dice.pick(['#eceae4', '#d9dcdf', '#cfc8ba']) : dice.colour();
  let svg = round(from, top, to - from, base - top, 1, wall) + shade(from, base - 5, to - from, 5);
  if (dice.chance(0.5))
    svg += round(
      from + (to - from) * 0.15,
      top + (base - top) * dice.between(0.25, 0.5),
      (to - from) * dice.between(0.3, 0.7),
      dice.between(4, 10),
      1,
      dice.colour(),
    );
  if (dice.chance(0.4))
    for (let x = from + 6; x < to - 2; x += 7)
      svg += `<line x1="${x}" y1="${top}" x2="${x}" y2="${base}" stroke="#000" opacity=".18" stroke-width=".8"/>`;
  return { svg, height: -top };
}

function tank(dice, { from, to, base }, cabTop) {
  const top = cabTop + dice.between(2, 8);
  const r = (base - top) / 2;
  const metal = dice.pick(['#c5c9cd', '#e7e7e3', dice.colour()]);
  const svg =
    round(from, top, to - from, base - top, r, metal) +
    `<rect x="${from + 6}" y="${top + r * 0.4}" width="${to - from - 12}" height="2.5" fill="#fff" opacity=".5"/>` +
    round((from + to) / 2 - 4, top - 3, 8, 4, 1, '#555');
  return { svg, height: -top + 3 };
}

function tipper(dice, { from, to, base }, cabTop) {
  const top = cabTop + dice.between(5, 12);
  const paint = dice.colour();
  let svg = '';
  if (dice.chance(0.6))
    svg += `<ellipse cx="${(from + to) / 2}" cy="${top + 1}" rx="${(to - from) * 0.42}" ry="${dice.between(4, 9)}" fill="${dice.pick(['#7a6247', '#9a958b', '#4f4a44', '#c2a878'])}"/>`;
  svg += polygon(
    [
      [from + 3, base - 1],
      [from - 1, top],
      [to, top],
      [to, base - 1],
    ],
    paint,
  );
  for (let x = from + 8; x < to - 4; x += 10)
    svg += `<line x1="${x}" y1="${top + 1}" x2="${x}" y2="${base - 2}" stroke="#000" opacity=".25" stroke-width="1.6"/>`;
  return { svg, height: -top + 6 };
}

function flatbed(dice, { from, to, base }, cabTop) {
  let svg = round(from, base - 4, to - from, 4, 0.5, dice.colour([20, 50]));
  let highest = 0;
  for (let x = from + 3; x < to - 9; ) {
    const w = Math.min(dice.between(10, 24), to - 2 - x);
    const h = (base - cabTop) * dice.between(0.35, 0.95);
    svg += round(x, base - 4 - h, w, h, 1, dice.colour([30, 75], [15, 60]));
    highest = Math.max(highest, h - base + 4);
    x += w + dice.between(1, 5);
  }
  return { svg, height: highest };
}

function mixer(dice, { from, to, base }, cabTop) {
  const top = cabTop - dice.between(-4, 4);
  const drum = dice.colour();
  const middle = (from + to) / 2;
  const svg =
    polygon(
      [
        [from, top + 4],
        [from + 8, top - 2],
        [middle, top + 1],
        [to, top + 12],
        [to, base - 4],
        [middle, base - 1],
        [from + 14, base - 10],
      ],
      drum,
    ) +
    `<line x1="${from + 10}" y1="${base - 14}" x2="${middle}" y2="${top + 2}" stroke="#fff" opacity=".6" stroke-width="4"/>` +
    `<line x1="${middle}" y1="${base - 3}" x2="${to - 4}" y2="${top + 11}" stroke="#fff" opacity=".6" stroke-width="4"/>`;
  return { svg, height: -top + 2 };
}

/** From the front, or from behind. */
function truckEnd(dice, front) {
  const w = dice.between(48, 56);
  const half = w / 2;
  const r = dice.between(6.5, 8);
  const base = -r * 1.4;
  const top = -dice.between(62, 76);
  const paint = dice.colour();
  const wheels = round(-half + 2, -r * 2, 10, r * 2, 2, '#17181a') + round(half - 12, -r * 2, 10, r * 2, 2, '#17181a');
  const plate = round(-7, base - 4, 14, 4, 0.6, '#f1f0ea');
  if (!front) {
    const wall = dice.chance(0.5) ? '#e6e4de' : paint;
    const svg =
      wheels +
      round(-half, top, w, base - top - 4, 1, wall) +
      round(-half, base - 6, w, 6, 1, '#2a2b2e') +
      `<path d="M0 ${top + 2}V${base - 7}M${-half + 2} ${top + 2}H${half - 2}V${base - 7}H${-half + 2}Z" fill="none" stroke="#000" opacity=".35" stroke-width="1.1"/>` +
      `<path d="M-4 ${top + 6}V${base - 10}M4 ${top + 6}V${base - 10}" stroke="#555" stroke-width="1.2"/>` +
      round(-half + 1, base - 5, 8, 3, 1, '#c2272d') +
      round(half - 9, base - 5, 8, 3, 1, '#c2272d') +
      plate;
    return { svg, width: w, height: -top };
  }
  const cabTop = top + dice.between(2, 18);
  const screen = cabTop + dice.between(4, 9);
  const svg =
    wheels +
    (dice.chance(0.6) ? round(-half - 1, top, w + 2, base - top - 8, 1, dice.chance(0.5) ? '#e6e4de' : dice.colour()) : '') +
    round(-half + 1, cabTop, w - 2, base - cabTop, 3, paint) +
    round(-half + 4, screen, w - 8, dice.between(15, 19), 2, glass(dice)) +
    round(-half * 0.6, screen + 24, w * 0.6, 12, 1, '#1d1e20') +
    `<path d="M${-half * 0.55} ${screen + 28}H${half * 0.55}M${-half * 0.55} ${screen + 32}H${half * 0.55}" stroke="#888" stroke-width="1"/>` +
    round(-half + 1, base - 8, w - 2, 8, 1.5, dice.pick(['#2a2b2e', '#c8cacc', paint])) +
    round(-half + 3, base - 7, 9, 4.5, 1.5, '#fbf3cf') +
    round(half - 12, base - 7, 9, 4.5, 1.5, '#fbf3cf') +
    round(-half - 5, screen, 5, 11, 1, '#222') +
    round(half, screen, 5, 11, 1, '#222') +
    plate;
  return { svg, width: w + 10, height: -top };
}
