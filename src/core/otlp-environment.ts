/**
 * Whether and where traces are exported, by the environment variables that OpenTelemetry has for it: the specification's
 * "OpenTelemetry Protocol Exporter" and "Environment Variable Specification". Without an endpoint there is no tracing;
 * unlike the specification, which would send to localhost:4318 unasked.
 */

type Environment = Readonly<Record<string, string | undefined>>;

export interface OtlpTarget {
  /** Where traces are posted, path included. */
  readonly url: URL;
  /** Such as a collector's token. */
  readonly headers: Readonly<Record<string, string>>;
}

const pairs = (text: string | undefined): [string, string][] =>
  (text ?? '').split(',').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=');
    if (at <= 0) return [];
    const value = pair.slice(at + 1).trim();
    try {
      return [[pair.slice(0, at).trim().toLowerCase(), decodeURIComponent(value)]];
    } catch {
      return [[pair.slice(0, at).trim().toLowerCase(), value]];
    }
  });

const urlOf = (text: string): URL | null => {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) ? url : null;
};

/** @returns `null`: nothing is exported. An address that is none counts as not given. */
export const otlpTarget = (environment: Environment): OtlpTarget | null => {
  if (environment.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return null;
  if (environment.OTEL_TRACES_EXPORTER?.trim() === 'none') return null;
  const own = environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?.trim();
  const shared = environment.OTEL_EXPORTER_OTLP_ENDPOINT?.trim();
  const url = own ? urlOf(own) : shared ? urlOf(`${shared.replace(/\/+$/, '')}/v1/traces`) : null;
  if (url === null) return null;
  const headers = Object.fromEntries([
    ...pairs(environment.OTEL_EXPORTER_OTLP_HEADERS),
    ...pairs(environment.OTEL_EXPORTER_OTLP_TRACES_HEADERS),
  ]);
  return { url, headers };
};

/** @returns a whole number of at least 1 that a variable says; else the default. */
export const countIn = (environment: Environment, name: string, otherwise: number): number => {
  const count = Number(environment[name] ?? Number.NaN);
  return Number.isInteger(count) && count >= 1 ? count : otherwise;
};
