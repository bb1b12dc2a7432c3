// An OpenID provider that is not ours (oidc-provider, certified), at the addresses of an Entra tenant on loopback. Whoever
// comes has signed in already: its own login page is posted on by the test.
import express from 'express';
import Provider from 'oidc-provider';

const [tenant, client, redirect] = process.argv.slice(2);
const app = express();
const server = app.listen(0, '127.0.0.1', () => {
  const base = `http://127.0.0.1:${server.address().port}/${tenant}`;
  const told = { email: 'jan@school.example' };
  const provider = new Provider(`${base}/v2.0`, {
    clients: [{
      client_id: client, response_types: ['id_token'], grant_types: ['implicit'], redirect_uris: [redirect],
      token_endpoint_auth_method: 'none',
    }],
    responseTypes: ['id_token'],
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'oid', 'tid', 'ver', 'nbf', 'name'], email: ['email'], profile: ['name'] },
    findAccount: (context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id, oid: id, tid: tenant, ver: '2.0', nbf: Math.floor(Date.now() / 1000) - 5, name: 'Jan Novak', ...told,
      }),
    }),
    routes: { authorization: '/oauth2/v2.0/authorize', jwks: '/discovery/v2.0/keys' },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['test'] },
  });
  app.use(`/${tenant}`, provider.callback());
  console.log(server.address().port);
});
