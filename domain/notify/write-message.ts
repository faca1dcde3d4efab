import { utcTime } from '../utc-time.ts';
import { describeAdvice } from './describe-advice.ts';
import type { Message, MessageItem } from './message.ts';

/** What is the same in all messages of a Skipper. */
export interface Sender {
  /** `https://skipper.example.com/base`; only the base path without a public URL. */
  readonly base: string;
  /** Such as `staging`. */
  readonly environment: string | undefined;
}

/** For incoming webhooks of Slack, and of what accepts the same, such as Mattermost and Rocket.Chat. */
export function toSlack(message: Message, sender: Sender): object {
  const link = linkOf(message, sender);
  const lines = [
    `*${escapeSlack(titleOf(message, sender))}*`,
    ...linesOf(message).map((line) => `• ${escapeSlack(line)}`),
    ...endOf(message).map(escapeSlack),
    /^https?:/.test(link) ? `<${escapeSlack(link)}|Open the page>` : `Page: ${escapeSlack(link)}`,
  ];
  return { text: lines.join('\n') };
}

/** The body that Standard Webhooks recommends: type, timestamp and data. */
export function toWebhook(message: Message, sender: Sender): object {
  const { event, at, title, items, moreItems } = message;
  return {
    type: event,
    timestamp: new Date(at).toISOString(),
    data: {
      title,
      text: toText(message, sender),
      link: linkOf(message, sender),
      environment: sender.environment,
      items,
      moreItems,
    },
  };
}

/** In plain text, for people. */
export function toText(message: Message, sender: Sender): string {
  const lines = linesOf(message).map((line) => `- ${line}`);
  return [titleOf(message, sender), ...lines, ...endOf(message), linkOf(message, sender)].join('\n');
}

/** When it happened, because a message can come hours later, and what to do. */
function endOf(message: Message): string[] {
  return [`Time: ${utcTime(message.at)}`, describeAdvice(message) ?? ''].filter((line) => line !== '');
}

function titleOf({ title }: Message, { environment }: Sender): string {
  return environment === undefined ? title : `[${environment}] ${title}`;
}

function linkOf({ path }: Message, { base }: Sender): string {
  return `${base}${path}`;
}

function linesOf({ items, moreItems }: Message): string[] {
  const lines = items.map(describeItem).filter((line) => line !== '');
  return moreItems === 0 ? lines : [...lines, `and ${moreItems} more`];
}

function describeItem({ reason, by, ...item }: MessageItem): string {
  const who = by === undefined ? '' : ` (by ${by})`;
  const what = [item.release, item.rule, oneLine(reason)]
    .filter((part) => part !== undefined && part !== '')
    .join(': ');
  const places = describePlaces(item);
  return `${[what, places].filter((part) => part !== '').join(': ')}${who}`;
}

function describePlaces({ namespaces, count }: Pick<MessageItem, 'namespaces' | 'count'>): string {
  const more = count - namespaces.length;
  const names = namespaces.join(', ');
  if (count <= 1) return names || (count === 1 ? '1 namespace' : '');
  if (names === '') return `${count} namespaces`;
  return `${count} namespaces: ${names}${more > 0 ? ` and ${more} more` : ''}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** The three characters that Slack gives a meaning: `<!channel>` in a reason must not call everyone. */
function escapeSlack(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
