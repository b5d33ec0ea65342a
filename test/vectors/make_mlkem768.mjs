// Writes mlkem768.vec: what an independent implementation of ML-KEM-768, npm's @noble/post-quantum, makes of given
// seeds. Long values are there once in full and otherwise as their SHA-256. The tests read only the figures.
//
//   npm install --prefix /tmp/noble @noble/post-quantum@0.7.1
//   NODE_MODULES=/tmp/noble/node_modules node test/vectors/make_mlkem768.mjs > test/vectors/mlkem768.vec
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const library = `${process.env.NODE_MODULES}/@noble/post-quantum`;
const { ml_kem768 } = await import(pathToFileURL(`${library}/ml-kem.js`));
const { version } = JSON.parse(readFileSync(`${library}/package.json`));

const cases = 24;
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const seed = (name, number) => sha256(`${name} ${number}`);

console.log(`# Made by make_mlkem768.mjs with npm's @noble/post-quantum ${version}.`);
console.log('# d and z make the keys, m the ciphertext and Secret. Changed is the ciphertext with that bit (little-endian,');
console.log('# two bytes) flipped; Rejected is what decapsulating it gives.');
for (let i = 0; i < cases; ++i) {
  const [d, z, m] = [seed('d', i), seed('z', i), seed('m', i)];
  const { publicKey, secretKey } = ml_kem768.keygen(Buffer.concat([d, z]));
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, m);
  if (hex(ml_kem768.decapsulate(cipherText, secretKey)) !== hex(sharedSecret)) throw new Error('it does not decapsulate');
  const changed = cipherText.slice();
  const bit = seed('bit', i).readUInt16LE() % (8 * changed.length);
  changed[bit >> 3] ^= 1 << (bit & 7);
  console.log(`\n[${i === 0 ? 'full' : 'digests'}]`);
  console.log(`d = ${hex(d)}\nz = ${hex(z)}\nm = ${hex(m)}`);
  const long = { EncapsulationKey: publicKey, DecapsulationKey: secretKey, Ciphertext: cipherText };
  for (const [name, value] of Object.entries(long)) console.log(`${name} = ${hex(i === 0 ? value : sha256(value))}`);
  console.log(`Secret = ${hex(sharedSecret)}`);
  console.log(`Bit = ${hex([bit & 255, bit >> 8])}`);
  console.log(`Rejected = ${hex(ml_kem768.decapsulate(changed, secretKey))}`);
}
