/** A small seeded generator (mulberry32, seeded by FNV-1a of a name): a picture depends on nothing but its name. */
export class Dice {
  constructor(name) {
    this.state = 0x811c9dc5;
    for (const letter of name) this.state = Math.imul(this.state ^ letter.codePointAt(0), 0x01000193);
  }

  /** In [0, 1). */
  uniform() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  }

  between(low, high) {
    return low + (high - low) * this.uniform();
  }

  /** low … high, both included. */
  integer(low, high) {
    return Math.floor(this.between(low, high + 1));
  }

  chance(probability) {
    return this.uniform() < probability;
  }

  pick(list) {
    return list[this.integer(0, list.length - 1)];
  }

  normal() {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A CSS colour; lightness and saturation in per cent. */
  colour(lightness = [25, 80], saturation = [10, 85]) {
    return `hsl(${this.integer(0, 359)} ${this.integer(...saturation)}% ${this.integer(...lightness)}%)`;
  }
}
