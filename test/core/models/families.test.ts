import { checkFamilies } from './families';
import { cases } from './family';

const large = /lite[1-4]$/;
checkFamilies(cases.filter((name) => !large.test(name)));
