// A pass phrase that can be read out over the telephone: five words of two syllables, 70 bits.
const STARTS = ['b', 'd', 'f', 'g', 'h', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'w', 'z'], VOWELS = ['a', 'e', 'i', 'o', 'u', 'ai', 'ei', 'au'];
const pick = list => { const limit = 256 - 256 % list.length, byte = new Uint8Array(1); do crypto.getRandomValues(byte); while (byte[0] >= limit); return list[byte[0] % list.length]; };
const word = () => Array.from({ length: 2 }, () => pick(STARTS) + pick(VOWELS)).join('');
export const passPhrase = () => Array.from({ length: 5 }, word).join('-');
