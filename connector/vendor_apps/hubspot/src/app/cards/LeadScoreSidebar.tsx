import { hubspot } from '@hubspot/ui-extensions';

import { LeadScoreCard } from './parts/LeadScoreCard';

hubspot.extend<'crm.record.sidebar'>(() => <LeadScoreCard />);
