/** JUnit's XML: well formed whatever the texts hold, with counts that CI systems add up. */
import { describe, expect, it } from 'vitest';
import { renderJunit } from '../../../src/cli/junit.js';

describe('JUnit output', () => {
  it('has one case for each, and counts the failures', () => {
    const xml = renderJunit('bench gateway', [
      { name: 'rps > 5000', failure: null },
      { name: 'cpu < 1.2 * baseline', failure: 'observed 50us, expected 40us' },
    ]);
    expect(xml).toContain('<testsuites tests="2" failures="1" errors="0" skipped="0">');
    expect(xml).toContain('<testcase classname="bench gateway" name="rps &gt; 5000"/>');
    expect(xml).toContain(
      '<failure message="observed 50us, expected 40us">observed 50us, expected 40us</failure>',
    );
    expect(xml.match(/<testcase /g)).toHaveLength(2);
  });

  it('escapes what XML would take for its own, and leaves out what it cannot hold', () => {
    const xml = renderJunit('<a & "b">', [{ name: "it's \u0000\u001b[31mred\tor not", failure: '<' }]);
    expect(xml).toContain('name="&lt;a &amp; &quot;b&quot;&gt;"');
    expect(xml).toContain('name="it&apos;s [31mred\tor not"');
    expect(xml).toContain('<failure message="&lt;">&lt;</failure>');
  });
});
