/** The examples are what they say: files that badgateway takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseGatewayFile } from '../src/gateway/config-document.js';

const FOLDER = new URL('../examples/', import.meta.url).pathname;

it.each(readdirSync(FOLDER).filter((name) => name.startsWith('gateway')))(
  '%s is a gateway config',
  (name) => {
    const config = parseGatewayFile(readFileSync(`${FOLDER}${name}`, 'utf8'), name);
    expect(config.concurrency).not.toBeNull();
  },
);
