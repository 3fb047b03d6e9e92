const recommended = require("@salesforce/eslint-config-lwc/recommended");
const globals = require("globals");

module.exports = [
  { ignores: ["node_modules/**", "coverage/**"] },
  ...recommended.map((config) => ({
    ...config,
    files: config.files ?? ["**/*.js"],
  })),
  {
    files: ["*.js"],
    languageOptions: { globals: { ...globals.node, ...globals.jest } },
  },
  {
    files: ["**/__tests__/**/*.js"],
    languageOptions: { globals: globals.jest },
    // A test emits what a wire would.
    rules: { "@lwc/lwc/no-unexpected-wire-adapter-usages": "off" },
  },
];
