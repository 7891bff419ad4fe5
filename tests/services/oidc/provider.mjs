// An OpenID provider on loopback. Its settings come as JSON in the file that is named; the port it
// listens on is the first line it prints. Whoever logs in as mfa-NAME has shown a second factor.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import Provider from 'oidc-provider';

const given = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const configuration = {
  clients: given.algorithms.map((alg) => ({
    client_id: `muster-${alg}`,
    client_secret: given.secret,
    redirect_uris: given.redirect_uris,
    response_types: ['code'],
    grant_types: ['authorization_code'],
    id_token_signed_response_alg: alg,
  })),
  jwks: { keys: given.keys },
  enabledJWA: { idTokenSigningAlgValues: given.algorithms },
  claims: { openid: ['sub', 'groups', 'amr'], profile: ['preferred_username'] },
  conformIdTokenClaims: false,
  cookies: { keys: [given.secret] },
  async findAccount(ctx, id) {
    const groups = id.startsWith('nobody') ? [] : given.groups;
    return {
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: id, groups }),
    };
  },
};

const tls = { key: readFileSync(given.key), cert: readFileSync(given.certificate) };
let answer;
const server = createServer(tls, (request, response) => answer(request, response));
server.listen(0, 'localhost', () => {
  const provider = new Provider(`https://localhost:${server.address().port}`, configuration);
  const finished = provider.interactionFinished.bind(provider);
  provider.interactionFinished = (request, response, result, options) => {
    if (result.login?.accountId.startsWith('mfa-')) result.login.amr = ['pwd', 'mfa'];
    return finished(request, response, result, options);
  };
  answer = provider.callback();
  console.log(server.address().port);
});
