/** The `links:` section of a scenario. */
import { Optional, Section, type Static, Type } from '../../core/schema.js';

export const LinksSchema = Section(
  {
    apiPort: Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65_535,
        description: 'Port of the HTTP API of the links, which is Toxiproxy’s; default 0: any free one.',
      }),
    ),
  },
  'A link before every worker, with a toxic or without; default: only when the timeline has a toxic.',
);

export type LinksSection = Static<typeof LinksSchema>;

export interface LinksConfig {
  /** 0: any free one. */
  readonly apiPort: number;
}

export const resolveLinks = ({ apiPort = 0 }: LinksSection = {}): LinksConfig => ({ apiPort });
