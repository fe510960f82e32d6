/** What a request passes before its route: Ray ID, rules, admission and limits, in the order of our own gateway. */
import { DEFAULTS } from '../loss-list.js';
import { ruleFilters } from './rules.js';
import { count, duration, extension, type Fields, type Parts, percent } from './words.js';

/** Of Envoy's own request ID these digits are all random; the others say its version and whether it is traced. */
const RAY_ID_LUA = `function envoy_on_request(handle)
  local digits = string.gsub(handle:headers():get("x-request-id") or "", "-", "")
  local ray = string.sub(digits, 1, 12) .. string.sub(digits, -4)
  handle:streamInfo():dynamicMetadata():set("envoy.filters.http.lua", "ray", ray)
end

function envoy_on_response(handle)
  local kept = handle:streamInfo():dynamicMetadata():get("envoy.filters.http.lua")
  if kept ~= nil then
    handle:headers():replace("x-ray-id", kept["ray"])
  end
end
`;

const rayId = (): Fields =>
  extension('envoy.filters.http.lua', 'envoy.extensions.filters.http.lua.v3.Lua', {
    default_source_code: { inline_string: RAY_ID_LUA },
  });

const runtime = (key: string, value: Fields | number | boolean): Fields => ({
  default_value: value,
  runtime_key: `admission_control.${key}`,
});

/** The client throttle of the SRE book is Envoy's with 1/k for a threshold: both refuse what is beyond k times what was accepted. */
const admission = ({
  state: {
    config: { admission: wanted },
  },
  note,
}: Parts): Fields[] => {
  if (wanted === null) return [];
  const isSre = wanted.formula === 'sre';
  const threshold = isSre ? 1 / wanted.k : wanted.threshold;
  return [
    {
      ...note('admission'),
      ...extension(
        'envoy.filters.http.admission_control',
        'envoy.extensions.filters.http.admission_control.v3.AdmissionControl',
        {
          enabled: runtime('enabled', true),
          success_criteria: { http_criteria: { http_success_status: [{ start: 100, end: 500 }] } },
          sampling_window: duration(Math.max(1_000, Math.round(wanted.windowMs / 1_000) * 1_000)),
          aggression: runtime('aggression', isSre ? 1 : wanted.aggression),
          sr_threshold: runtime('sr_threshold', { value: percent(threshold) }),
          rps_threshold: runtime('rps_threshold', isSre ? 0 : count(wanted.minRps)),
          max_rejection_probability: runtime('max_rejection_probability', {
            value: isSre ? 100 : percent(wanted.maxProbability),
          }),
        },
      ),
    },
  ];
};

const adaptive = ({
  state: {
    config: { globalConcurrency },
  },
  note,
}: Parts): Fields[] => {
  if (globalConcurrency?.algorithm.name !== 'gradient') return [];
  const { minConcurrency, maxLimit, updateMs, minRttIntervalMs, buffer } =
    globalConcurrency.algorithm.options;
  return [
    {
      ...note('globalConcurrency'),
      ...extension(
        'envoy.filters.http.adaptive_concurrency',
        'envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency',
        {
          gradient_controller_config: {
            concurrency_limit_params: {
              ...(maxLimit !== undefined && { max_concurrency_limit: count(maxLimit) }),
              concurrency_update_interval: duration(Math.max(1, updateMs ?? 100)),
            },
            min_rtt_calc_params: {
              interval: duration(Math.max(1, minRttIntervalMs ?? 60_000)),
              ...(minConcurrency !== undefined && { min_concurrency: count(minConcurrency) }),
              ...(buffer !== undefined && { buffer: { value: percent(buffer) } }),
            },
          },
          enabled: { default_value: true, runtime_key: 'adaptive_concurrency.enabled' },
        },
      ),
    },
  ];
};

const bodyLimit = ({
  state: {
    config: { listener },
  },
  losses,
  note,
}: Parts): Fields[] => {
  if (listener.maxBodyBytes === DEFAULTS.listener.maxBodyBytes) return [];
  losses.otherwise(
    ['listener', 'maxBody'],
    'Envoy holds a body until it is whole, and only then sends it on',
  );
  return [
    {
      ...note('listener.maxBody'),
      ...extension('envoy.filters.http.buffer', 'envoy.extensions.filters.http.buffer.v3.Buffer', {
        max_request_bytes: Math.max(1, count(listener.maxBodyBytes)),
      }),
    },
  ];
};

export const httpFilters = (parts: Parts): Fields[] => {
  const {
    state: { config },
    site,
  } = parts;
  return [
    ...(site.purpose === 'run' ? [rayId()] : []),
    ...(config.profile === 'naive'
      ? []
      : [...ruleFilters(parts), ...admission(parts), ...adaptive(parts), ...bodyLimit(parts)]),
    extension('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router'),
  ];
};
