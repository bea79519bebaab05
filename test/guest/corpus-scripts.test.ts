/** The scripts of test/corpus load and attach in a guest that has their functions; of programs it has none to trace. */
import { describe, expect, it } from 'vitest';
import { type CorpusScript, SCRIPTS } from '../corpus/scripts.ts';
import { DESCRIBED } from '../support/guest.ts';
import { scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

/** So many load within what a boot may take. */
const A_BOOT = 20;

/** In `npm test` one of so many; `npm run matrix` tries them all. */
const STEP = process.env.BPFSCRIPT_KERNELS === undefined ? 10 : 1;
const TRIED = SCRIPTS.filter((_script, index) => index % STEP === 0);

const BOOTS: readonly { readonly name: string; readonly scripts: readonly CorpusScript[] }[] =
  Array.from({ length: Math.ceil(TRIED.length / A_BOOT) }, (_, index) => {
    const scripts = TRIED.slice(index * A_BOOT, (index + 1) * A_BOOT);
    return { name: `from ${scripts[0]?.name} on`, scripts };
  });

/** Programs, modules, counters of the processor: a guest may have none of what such a script traces. */
const MAY_LACK = /\b(u(ret)?probe|usdt|hardware):|\bkvm/;
const LACKING = /ERROR: (No probes to attach|Attachment failed for all probes)\./;

needs(`Linux ${DESCRIBED}`).describe('the corpus', () => {
  describe.each(BOOTS)('$name', ({ scripts }) => {
    const result = scriptsInGuest(
      DESCRIBED,
      Object.fromEntries(
        scripts.map(({ name, text }) => [
          name.replaceAll('/', '-'),
          {
            ...{ text, endsItself: true, parameters: '7' },
            flags: '--dry-run --unsafe --allow-write /tmp --no-warnings',
          },
        ]),
      ),
      { unsafe: true, environment: { BPFTRACE_MISSING_PROBES: 'ignore' } },
    );

    it.each(scripts)('loads $name', ({ name, text }) => {
      const { stderr, status } = result(name.replaceAll('/', '-'));
      if (!(MAY_LACK.test(text) && LACKING.test(stderr)))
        expect({ stderr, status }).toMatchObject({ status: 0 });
    });
  });
});
