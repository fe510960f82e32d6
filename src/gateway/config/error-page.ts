/** Where the gateway is, and what its error page says besides the error: `location` and the `errorPage` section. */
import { OneOf, Optional, Section, type Static, Type } from '../../core/schema.js';

/** What edges write there: the code of an airport, a city, a zone. */
export const LocationSchema = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,39}$',
  description:
    'Where this gateway is, as error pages say it: FRA, eu-west-1b; default local; in a run with several gateways the name of its place.',
});

/** An origin and a path, without what would end an attribute or a header field. */
const ADDRESS = '^https?://[A-Za-z0-9.:\\[\\]-]+(/[A-Za-z0-9._~/-]*)?$';

export const ErrorPageSchema = Section(
  {
    statusPage: Optional(
      Type.String({
        pattern: ADDRESS,
        maxLength: 200,
        description:
          'Address of the status page that error pages lead to; default none, in a run with --status-page its own.',
      }),
    ),
    reports: Optional(
      OneOf(
        ['on', 'off'],
        'Whether the page has a form that reports the error to POST /report of the status page; default on.',
      ),
    ),
    clientAddress: Optional(
      OneOf(
        ['shown', 'masked', 'hidden'],
        'The address of the client, on its own error page: masked keeps the network alone; default shown.',
      ),
    ),
  },
  'What the page of an error says besides the error.',
);

export interface ErrorPageConfig {
  /** `null`: there is none to lead to. Without a slash at its end. */
  readonly statusPage: string | null;
  /** Whether errors can be reported there. */
  readonly reports: boolean;
  readonly clientAddress: 'shown' | 'masked' | 'hidden';
}

export const resolveErrorPage = (section: Static<typeof ErrorPageSchema> = {}): ErrorPageConfig => ({
  statusPage: section.statusPage?.replace(/\/+$/, '') ?? null,
  reports: section.reports !== 'off',
  clientAddress: section.clientAddress ?? 'shown',
});
