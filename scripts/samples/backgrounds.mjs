/** Streets, fields, towns, deserts, garages and night; nothing in them tells a car from a truck. */

/** @returns {{svg: string, front: string, ground: number}} `ground`: where the ground begins; `front`: what stands before the vehicle. */
export function background(dice, width, height) {
  const ground = height * dice.between(0.45, 0.7);
  const sky = dice.pick([
    ['#bfe0f7', '#eaf4fb'],
    ['#5f9fd6', '#cfe6f5'],
    ['#f3c79b', '#f9ead2'],
    ['#9aa3ab', '#d5d9dc'],
    ['#1b2540', '#46517a'],
    ['#e8e4da', '#f5f3ee'],
    [dice.colour([30, 85], [5, 50]), dice.colour([50, 90], [5, 40])],
  ]);
  const floor = dice.pick(['#6b6b6e', '#8a8780', '#5a7d45', '#86a35a', '#c9ab77', '#3f4146', '#b9b4a9', dice.colour([25, 70], [5, 45])]);
  const things = dice.pick([buildings, trees, hills, nothing, wall, mixed]);
  const svg = `<defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="${sky[0]}"/><stop offset="1" stop-color="${sky[1]}"/></linearGradient></defs>
    <rect width="${width}" height="${height}" fill="url(#sky)"/>${things(dice, width, ground)}
    <rect y="${ground}" width="${width}" height="${height - ground}" fill="${floor}"/>${markings(dice, width, height, ground)}`;
  return { svg, front: dice.chance(0.12) ? obstacle(dice, width, height) : '', ground };
}

const nothing = () => '';
const mixed = (dice, width, ground) => buildings(dice, width, ground) + trees(dice, width, ground);

function buildings(dice, width, ground) {
  let svg = '';
  for (let x = dice.between(-20, 5); x < width; ) {
    const w = dice.between(14, 46);
    const h = ground * dice.between(0.25, 0.98);
    svg += `<rect x="${x}" y="${ground - h}" width="${w}" height="${h + 1}" fill="${dice.colour([30, 75], [3, 35])}"/>`;
    if (dice.chance(0.6)) {
      const pane = dice.colour([45, 90], [10, 60]);
      for (let wy = ground - h + 5; wy < ground - 6; wy += 9)
        for (let wx = x + 4; wx < x + w - 5; wx += 8) svg += `<rect x="${wx}" y="${wy}" width="4" height="5" fill="${pane}"/>`;
    }
    x += w + dice.between(-2, 12);
  }
  return svg;
}

function trees(dice, width, ground) {
  let svg = '';
  for (let i = dice.integer(1, 7); i > 0; i--) {
    const x = dice.between(0, width);
    const r = dice.between(7, 24);
    const leaf = `hsl(${dice.integer(60, 150)} ${dice.integer(20, 60)}% ${dice.integer(20, 50)}%)`;
    svg += `<rect x="${x - r / 8}" y="${ground - r * 1.2}" width="${r / 4}" height="${r * 1.3}" fill="#5b4630"/>`;
    svg += dice.chance(0.5)
      ? `<circle cx="${x}" cy="${ground - r * 1.8}" r="${r}" fill="${leaf}"/>`
      : `<path d="M${x - r} ${ground - r * 0.7}L${x} ${ground - r * 3}L${x + r} ${ground - r * 0.7}Z" fill="${leaf}"/>`;
  }
  return svg;
}

function hills(dice, width, ground) {
  let svg = '';
  for (let i = dice.integer(1, 4); i > 0; i--)
    svg += `<ellipse cx="${dice.between(0, width)}" cy="${ground + 4}" rx="${dice.between(40, 120)}" ry="${dice.between(10, ground * 0.7)}" fill="${dice.colour([30, 70], [10, 45])}"/>`;
  return svg;
}

function wall(dice, width, ground) {
  const h = ground * dice.between(0.5, 1);
  let svg = `<rect y="${ground - h}" width="${width}" height="${h}" fill="${dice.colour([35, 80], [5, 45])}"/>`;
  const line = dice.colour([20, 85], [0, 20]);
  for (let y = ground - h; y < ground; y += dice.between(7, 16))
    svg += `<rect y="${y}" width="${width}" height="1" fill="${line}" opacity=".5"/>`;
  return svg;
}

function markings(dice, width, height, ground) {
  if (dice.chance(0.4)) return '';
  const y = ground + (height - ground) * dice.between(0.15, 0.9);
  const colour = dice.pick(['#e9e6d8', '#e6c84a', '#cfcfcf']);
  return `<line x1="${dice.between(-30, 0)}" y1="${y}" x2="${width}" y2="${y + dice.between(-6, 6)}" stroke="${colour}" stroke-width="${dice.between(1, 3)}" stroke-dasharray="${dice.integer(8, 40)} ${dice.integer(0, 24)}"/>`;
}

/** A lamp post, a bush or a bollard before the vehicle. */
function obstacle(dice, width, height) {
  const x = dice.between(0, width);
  if (dice.chance(0.5))
    return `<rect x="${x}" y="${height * dice.between(0, 0.4)}" width="${dice.between(2, 5)}" height="${height}" fill="#3b3d40"/>`;
  return `<circle cx="${x}" cy="${height}" r="${dice.between(8, 22)}" fill="hsl(${dice.integer(70, 140)} 35% ${dice.integer(20, 42)}%)"/>`;
}
