// node's ssh2, in either role; libraries.py says what it is told. The module is found by NODE_PATH.
'use strict';

const fs = require('fs');
const readline = require('readline');
const { Client, Server } = require('ssh2');
const constants = require('ssh2/lib/protocol/constants.js');
const { parseKey } = require('ssh2').utils;

const COMMAND = 'cat; echo done >&2; exit 7';

// Those that it knows, not only those that it proposes. Its servers propose a group exchange that they have not.
const clients = process.argv[2] === 'client';
const ALGORITHMS = {
  kex: constants.SUPPORTED_KEX.filter((name) => clients || !name.includes('group-exchange')),
  serverHostKey: constants.SUPPORTED_SERVER_HOST_KEY,
  cipher: constants.SUPPORTED_CIPHER,
  hmac: constants.SUPPORTED_MAC,
};

function logIn([port, user, key, source, target, rekey, compress, command]) {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const data = fs.readFileSync(source);
    const out = [];
    let errors = '';
    let hostKey = '';
    let status;
    client.on('error', reject);
    client.on('close', () => reject(new Error('the connection was closed')));
    client.on('ready', () => client.exec(command, (failure, channel) => {
      if (failure) return reject(failure);
      channel.on('data', (block) => out.push(block));
      channel.stderr.on('data', (block) => { errors += block; });
      channel.on('exit', (code) => { status = code; });
      channel.on('close', () => {
        fs.writeFileSync(target, Buffer.concat(out));
        resolve(['ok', status, hostKey, errors.trim()]);
        client.end();
      });
      const half = Number(rekey) || data.length;
      channel.write(data.subarray(0, half), () => {
        if (half < data.length) client._protocol.rekey(); // only its servers have a method for that
        channel.end(data.subarray(half));
      });
    }));
    client.connect({
      host: '127.0.0.1', port: Number(port), username: user, privateKey: fs.readFileSync(key), readyTimeout: 60000,
      hostVerifier: (seen) => { hostKey = seen.toString('base64'); return true; },
      algorithms: { ...ALGORITHMS, compress: compress !== '0' ? ['zlib@openssh.com', 'none'] : ['none'] },
    });
  });
}

async function runClient() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = await logIn(line.split('\t').slice(1));
    } catch (failure) {
      answer = ['failed', String(failure).replace(/\s/g, ' ')];
    }
    process.stdout.write(answer.join('\t') + '\n');
  }
}

function runServer(rekey, authorizedKeys, hostKeys) {
  const authorized = fs.readFileSync(authorizedKeys, 'utf8').trim().split('\n').map((line) => parseKey(line));
  const options = {
    hostKeys: hostKeys.map((path) => fs.readFileSync(path)),
    algorithms: { ...ALGORITHMS, compress: ['none', 'zlib@openssh.com'] },
  };
  const server = new Server(options, (client) => {
    client.on('error', (failure) => console.error(String(failure)));
    client.on('authentication', (request) => {
      const known = request.method === 'publickey' &&
        authorized.find((key) => key.getPublicSSH().equals(request.key.data));
      const right = known &&
        (!request.signature || known.verify(request.blob, request.signature, request.hashAlgo) === true);
      if (right) request.accept();
      else request.reject(['publickey']);
    });
    client.on('session', (accept) => serve(client, accept(), Number(rekey)));
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`listening\t${server.address().port}\n`));
  process.stdin.resume().on('end', () => process.exit(0));
}

function serve(client, session, rekey) {
  session.on('env', (accept) => accept && accept());
  session.on('exec', (accept, reject, request) => {
    if (request.command !== COMMAND) return reject();
    const channel = accept();
    let count = 0;
    channel.on('data', (block) => {
      if (count < rekey && rekey <= count + block.length) client.rekey();
      count += block.length;
      channel.write(block);
    });
    channel.on('end', () => {
      channel.stderr.write('done\n');
      channel.exit(7);
      channel.end();
    });
  });
}

if (clients) runClient();
else runServer(process.argv[3], process.argv[4], process.argv.slice(5));
