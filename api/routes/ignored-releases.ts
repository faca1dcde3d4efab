import { allowEntry, ignoreEntry } from '../../domain/audit/release-entries.ts';
import { Problem } from '../../domain/problem.ts';
import { IgnoredReleaseList, IgnoredReleaseView } from '../../domain/rollout/rollout-view.ts';
import { actorOf } from '../actor-of.ts';
import { HttpProblem } from '../problem.ts';
import { route } from '../route.ts';
import { IgnoreBody, ReasonBody } from '../schemas.ts';

export const ignoredReleasesRoute = route({
  method: 'get',
  path: '/api/ignored-releases',
  operationId: 'listIgnoredReleases',
  summary: 'The releases that are not rolled out automatically, and why',
  mutates: false,
  responses: { 200: { description: 'The ignored releases, newest first', schema: IgnoredReleaseList } },
  handle: async ({ state }) => {
    const releases = [...(await state.ignoredReleases()).values()];
    return { status: 200, body: { releases: releases.sort((a, b) => b.at - a.at) } };
  },
});

export const ignoreReleaseRoute = route<IgnoreBody>({
  method: 'post',
  path: '/api/ignored-releases',
  operationId: 'ignoreRelease',
  summary: 'Ignore a version: no release check rolls it out, in any channel',
  mutates: true,
  body: IgnoreBody,
  responses: { 200: { description: 'Ignored from now on', schema: IgnoredReleaseView } },
  handle: async ({ state, log, body: { version, reason }, ...call }) => {
    // By version: it can be ignored before a channel has it.
    const ignored = { key: version, version, reason, by: call.caller, at: Date.now() };
    await state.ignoreRelease(ignored, [ignoreEntry(ignored, actorOf(call))]);
    log.info(ignored, 'the release is ignored');
    return { status: 200, body: ignored };
  },
});

export const releaseIgnoredRoute = route<ReasonBody>({
  method: 'post',
  path: '/api/ignored-releases/:version/release',
  operationId: 'endIgnoreRelease',
  summary: 'Do not ignore a version any more: the next release check can roll it out',
  mutates: true,
  body: ReasonBody,
  responses: {
    200: { description: 'The releases that are still ignored', schema: IgnoredReleaseList },
    404: { description: 'The version is not ignored', schema: Problem },
  },
  handle: async ({ state, log, params: { version = '' }, body: { reason }, ...call }) => {
    const entry = allowEntry({ at: Date.now(), version, reason }, actorOf(call));
    const ended = await state.endIgnore(version, [entry]);
    if (ended === 0) throw new HttpProblem(404, 'not_found', `release "${version}" is not ignored`);
    log.info({ version, by: call.caller, reason }, 'the release is not ignored any more');
    return { status: 200, body: { releases: [...(await state.ignoredReleases()).values()] } };
  },
});
