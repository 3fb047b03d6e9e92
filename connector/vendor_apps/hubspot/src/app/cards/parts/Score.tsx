import { Alert, DescriptionList, DescriptionListItem, Divider, Flex, Link, List, Tag, Text } from '@hubspot/ui-extensions';

import type { Told } from './connector';
import { Thumbs } from './Thumbs';
import { Tier } from './Tier';
import { ago, dated } from './times';

interface Props {
  card: Told;
  origin: string;
  contact: number;
  timeZone: string;
}

/** Everything that the connector tells of a contact's score. */
export function Score({ card, origin, contact, timeZone }: Props) {
  const now = new Date();
  const asOf = new Date(card.data_as_of);
  const action = card.last_action;
  return (
    <Flex direction="column" gap="small">
      {card.stale && (
        <Alert title="These data are old" variant="warning">
          Scores are made anew every night, and this one was not. Ask your admin to look at the connection.
        </Alert>
      )}
      {card.by_hand !== null && (
        <Alert title="Set by hand" variant="info">
          {card.by_hand.sentence}
        </Alert>
      )}
      <Tier score={`${card.score} of 100`} tier={card.tier} />
      <Text format={{ fontWeight: 'bold' }}>{`${card.chance.words} (${card.chance.percent}).`}</Text>
      {card.chance.interval !== null && <Text variant="microcopy">{`${card.chance.interval}.`}</Text>}
      {card.too_little_known && (
        <Flex direction="column" gap="extra-small">
          <Tag variant="warning">Too little known</Tag>
          <Text variant="microcopy">Too few past leads scored like this one to be surer of its chance.</Text>
        </Flex>
      )}
      <List variant="unordered-styled">
        {card.reasons.map((reason) => (
          <Text key={reason}>{reason}</Text>
        ))}
      </List>
      <DescriptionList direction="column">
        <DescriptionListItem label="What changed">
          <Text>{card.change}</Text>
        </DescriptionListItem>
        <DescriptionListItem label="The buyer's last action">
          <Text>{action === null ? 'None that was recorded' : `${action.words}, ${ago(new Date(action.at), now)}`}</Text>
        </DescriptionListItem>
        <DescriptionListItem label="Data as of">
          <Text>{`${dated(asOf, timeZone)}, ${ago(asOf, now)}`}</Text>
        </DescriptionListItem>
      </DescriptionList>
      <Divider />
      <Thumbs reasons={card.thumbs} origin={origin} contact={contact} />
      <Link href={{ url: card.link, external: true }}>All about this score</Link>
    </Flex>
  );
}
