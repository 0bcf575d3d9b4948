import { defineVariadic } from './define';

defineVariadic('AddN', (g, parts) => parts.reduce((sum, part) => g.add(sum, part)));
