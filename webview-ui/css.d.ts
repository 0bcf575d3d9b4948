/** The bundler makes one style sheet of all that is imported. */
declare module '*.css';
