// node peer.mjs prepare URL
// node peer.mjs run URL CLIENTS WARM_UP_SECONDS SECONDS CONNECTIONS

import { randomUUID } from 'node:crypto';
import { DeciderCommandHandler } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';
import { COMMANDS_PER_VENDOR, nthCommand, vendor } from './vendor.mjs';

const handle = DeciderCommandHandler({
  ...vendor,
  mapToStreamId: (id) => `vendor-${id}`,
  retry: { onVersionConflict: true },
});

async function prepare(url) {
  const store = getPostgreSQLEventStore(url);
  await store.schema.migrate();
  await store.close();
}

/** A pool with all its connections open, so that none is opened while time is taken. */
async function openPool(connectionString, connections) {
  const pool = new pg.Pool({ connectionString, max: connections, idleTimeoutMillis: 0 });
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
  for (const client of clients) client.release();
  return pool;
}

/** Gives commands until the time is over, on vendors of its own: how many milliseconds each took. */
async function client(store, end) {
  const latencies = [];
  for (;;) {
    const vendorId = randomUUID();
    for (let place = 0; place < COMMANDS_PER_VENDOR; place += 1) {
      const start = performance.now();
      if (start >= end) return latencies;
      await handle(store, vendorId, nthCommand(vendorId, place));
      latencies.push(performance.now() - start);
    }
  }
}

/** All clients at work: how many milliseconds each command took, and the seconds it all took. */
async function put(store, clients, seconds) {
  const start = performance.now();
  const end = start + seconds * 1000;
  const latencies = (await Promise.all(Array.from({ length: clients }, () => client(store, end)))).flat();
  return [latencies, (performance.now() - start) / 1000];
}

async function run(url, clients, warmUp, seconds, connections) {
  const pool = await openPool(url, connections);
  const store = getPostgreSQLEventStore(url, { schema: { autoMigration: 'None' }, connectionOptions: { pool } });
  await put(store, clients, warmUp);
  const [latencies, elapsed] = await put(store, clients, seconds);
  await pool.end();
  latencies.sort((a, b) => a - b);
  const percentile = (percent) => latencies[Math.max(Math.ceil((latencies.length * percent) / 100), 1) - 1];
  console.log(
    JSON.stringify({
      peer: 'emmett',
      clients,
      commands: latencies.length,
      seconds: elapsed,
      p50Ms: percentile(50),
      p99Ms: percentile(99),
    }),
  );
}

const [command, url, ...numbers] = process.argv.slice(2);
if (command === 'prepare') await prepare(url);
else await run(url, ...numbers.map(Number));
