import { checkFamilies } from './families';
import { cases } from './family';

checkFamilies(cases.filter((name) => /lite[1-4]$/.test(name)));
