import { Alert, Button, ButtonRow, Flex, Text } from '@hubspot/ui-extensions';
import { useRef, useState } from 'react';

import type { Reason, Way } from './connector';
import { sayThumb } from './connector';

interface Props {
  reasons: Record<Way, Reason[]>;
  origin: string;
  contact: number;
}

type Said = 'nothing' | 'sending' | 'kept' | 'failed';

/** A thumb on the score, with its reason: asked in two clicks, sent once. */
export function Thumbs({ reasons, origin, contact }: Props) {
  const [way, setWay] = useState<Way | null>(null);
  const [said, setSaid] = useState<Said>('nothing');
  // A second click may come before the buttons are drawn anew.
  const underWay = useRef(false);

  const say = (thumb: Way, reason: string) => {
    if (underWay.current) {
      return;
    }
    underWay.current = true;
    setSaid('sending');
    sayThumb(origin, contact, thumb, reason).then(
      () => {
        setSaid('kept');
      },
      () => {
        underWay.current = false;
        setSaid('failed');
      },
    );
  };

  if (said === 'kept') {
    return <Text>Thank you. Your word is on the record, and your admin sees it.</Text>;
  }
  return (
    <Flex direction="column" gap="small">
      {said === 'failed' && (
        <Alert title="That was not kept" variant="danger">
          The scoring app could not be reached. Try it once more.
        </Alert>
      )}
      {way === null ? (
        <ButtonRow>
          <Button size="sm" onClick={() => { setWay('up'); }}>The score fits</Button>
          <Button size="sm" onClick={() => { setWay('down'); }}>It does not fit</Button>
        </ButtonRow>
      ) : (
        <Flex direction="column" gap="extra-small">
          <Text>Why?</Text>
          {reasons[way].map(({ value, label }) => (
            <Button
              key={value}
              size="sm"
              disabled={said === 'sending'}
              onClick={() => {
                say(way, value);
              }}
            >
              {label}
            </Button>
          ))}
          <Button size="sm" variant="transparent" disabled={said === 'sending'} onClick={() => { setWay(null); }}>
            Back
          </Button>
        </Flex>
      )}
    </Flex>
  );
}
