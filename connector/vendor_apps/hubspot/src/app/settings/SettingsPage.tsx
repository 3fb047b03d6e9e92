import { hubspot } from '@hubspot/ui-extensions';

import { AccountState } from './AccountState';

hubspot.extend<'settings'>(() => <AccountState />);
