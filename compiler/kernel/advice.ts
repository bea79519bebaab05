/** What to do where a script names something of the kernel that its description lacks. */
import type { KernelDescription } from './types.ts';

/** A module may have it, another kernel, or nobody. */
export function otherDescriptions(
  kernel: Pick<KernelDescription, 'release' | 'arch' | 'modules'>,
): string {
  const { release, arch } = kernel;
  const machine = arch === 'aarch64' ? '-arm64' : '';
  const series = /^\d+\.\d+/.exec(release)?.[0] ?? '6.12';
  // A running kernel has few of the modules that there are.
  const hasModules = (kernel.modules?.().length ?? 0) > 1000;
  const named = hasModules ? otherSeries(series) : series;
  const what = hasModules
    ? 'that of another kernel'
    : "that of Debian's kernel with all its modules";
  return (
    `The kernel description is of Linux ${release}. \`bpfscript kernel add ${named}${machine}\` makes ${what}, for ` +
    `--kernel ${named}${machine}; \`bpfscript kernel capture -o FILE\` that of the machine it runs on, for --kernel FILE.`
  );
}

function otherSeries(series: string): string {
  return series === '6.18' ? '6.12' : '6.18';
}
