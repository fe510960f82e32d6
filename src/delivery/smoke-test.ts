/**
 * A smoke test: before a config gets any request of somebody's, it answers some that nobody waits for. A check sees that a
 * pool is empty, and not that a port is dead; a rollout in stages sees what fails, and not that a 200 came from the
 * wrong place (OpenAI, 21 May 2024; Google Cloud, 16 November 2021: valid tables of routes that led nowhere).
 */
import { Fields, FieldValue, Optional, PATH_PATTERN, Section, type Static, Type } from '../core/schema.js';

/** More than this tell one another nothing, and somebody waits for them. */
export const MAX_SMOKE_CHECKS = 20;
export const MAX_SMOKE_REQUESTS = 100;

/** The key of a push that asks for it. */
export const SmokeTestProperties = {
  smokeTest: Optional(
    Type.Array(
      Section(
        {
          path: Type.String({ pattern: PATH_PATTERN, description: 'What a GET asks for.' }),
          headers: Optional(Fields(FieldValue(), 'Header fields of the request.')),
          status: Optional(
            Type.Integer({
              minimum: 200,
              maximum: 599,
              description: 'What it has to be answered with; default: anything below 400.',
            }),
          ),
          upstreams: Optional(
            Type.Array(Type.String({ minLength: 1 }), {
              minItems: 1,
              description: 'Who may answer it; default: whoever does.',
            }),
          ),
          requests: Optional(
            Type.Integer({
              minimum: 1,
              maximum: MAX_SMOKE_REQUESTS,
              description: 'How often it is asked, one after another; default 5.',
            }),
          ),
        },
        'One thing to ask for.',
      ),
      {
        minItems: 1,
        maxItems: MAX_SMOKE_CHECKS,
        description:
          'Asked of the new version before it gets any other request: refused when an answer is not as it should be.',
      },
    ),
  ),
} as const;

export const SmokeTestSchema = Section(SmokeTestProperties, 'Whether a config is asked something first.');

export type SmokeTestSection = NonNullable<Static<typeof SmokeTestSchema>['smokeTest']>;

export interface SmokeCheck {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `null`: anything below 400. */
  readonly status: number | null;
  /** `null`: whoever does. */
  readonly upstreams: readonly string[] | null;
  readonly requests: number;
}

/** Why a config does not go out. */
export interface SmokeFailure {
  /** 422: it answered otherwise than it should. 409: nobody could try it. */
  readonly status: 409 | 422;
  readonly reason: string;
}

/** @returns what is wrong with the config; `null`: nothing that was seen. */
export type SmokeTest<Config> = (
  config: Config,
  checks: readonly SmokeCheck[],
) => Promise<SmokeFailure | null>;

/** As fields are in the gateway. */
const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/**
 * Fills in the defaults. Five requests: of a pool of four with one that is dead, a balancer that takes turns finds it, and
 * one that draws lots does in three of four cases.
 *
 * @returns none: nobody asks for a test.
 */
export const resolveSmokeTest = ({ smokeTest = [] }: Static<typeof SmokeTestSchema>): SmokeCheck[] =>
  smokeTest.map(({ path, headers = {}, status, upstreams, requests }) => ({
    path,
    headers: lowerCased(headers),
    status: status ?? null,
    upstreams: upstreams ?? null,
    requests: requests ?? 5,
  }));
