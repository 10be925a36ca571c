// Type-checked by test_openapi_types.py against types generated from the OpenAPI document. Never run.
import type { components, operations, paths } from "./generated";

type Accepted = components["schemas"]["DistributionAccepted"];
type Created = paths["/api/v1/distributions"]["post"];
type Body = Created["requestBody"]["content"]["application/json"];
type Problem = components["schemas"]["ProblemDocument"];

const body: Body = {
  surveyId: "0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f",
  steps: [{ channel: "email", providerIds: ["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"], templateId: "0194c4f0-7d11-7a02-8f2b-2b6d5a9c1e10" }],
  audience: { contacts: [{ externalId: "PAT-1", email: "ann@example.com" }] },
};

async function send(base: string, key: string): Promise<Accepted> {
  const headers = { "x-api-key": key, "Content-Type": "application/json", "Idempotency-Key": "march-1" };
  const answer = await fetch(`${base}/api/v1/distributions`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) {
    const problem = (await answer.json()) as Problem;
    throw new Error(problem.errors.map((fault) => `${fault.pointer}: ${fault.detail}`).join("\n"));
  }
  return (await answer.json()) as Created["responses"]["202"]["content"]["application/json"];
}

export async function links(base: string, key: string): Promise<string[]> {
  const accepted = await send(base, key);
  const total: number = accepted.totals.accepted;
  return (accepted.links ?? []).slice(0, total).map((link) => link.link);
}

// Types that accept anything would accept these as well.
// @ts-expect-error A channel that does not exist.
const fax: Body["steps"][number]["channel"] = "fax";
// @ts-expect-error A step needs its accounts and its template.
const step: Body["steps"][number] = { channel: "email" };
// @ts-expect-error The status of a page is no part of it.
const page: operations["listContacts"]["responses"]["200"]["content"]["application/json"] = { status: "done" };
