// An OpenID provider that is not ours (oidc-provider, certified), at the addresses of an Entra tenant on loopback. Whoever
// comes has signed in already: its own login page is posted on by the test.
import express from 'express';
import Provider from 'oidc-provider';

const [tenant, client, secret, ...redirects] = process.argv.slice(2);
const app = express();
const server = app.listen(0, '127.0.0.1', () => {
  const base = `http://127.0.0.1:${server.address().port}/${tenant}`;
  const told = { email: 'jan@school.example' };
  const provider = new Provider(`${base}/v2.0`, {
    clients: [{
      client_id: client, redirect_uris: redirects,
      application_type: redirects[0].startsWith('http:') ? 'native' : 'web',
      ...(secret
        ? { client_secret: secret, response_types: ['code'], token_endpoint_auth_method: 'client_secret_post' }
        : { response_types: ['id_token'], grant_types: ['implicit'], token_endpoint_auth_method: 'none' }),
    }],
    responseTypes: ['id_token', 'code'],
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'oid', 'tid', 'ver', 'nbf', 'name'], email: ['email'], profile: ['name'] },
    findAccount: (context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id, oid: id, tid: tenant, ver: '2.0', nbf: Math.floor(Date.now() / 1000) - 5, name: 'Jan Novak', ...told,
      }),
    }),
    routes: { authorization: '/oauth2/v2.0/authorize', token: '/oauth2/v2.0/token', jwks: '/discovery/v2.0/keys' },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['test'] },
  });
  app.use((request, response, next) => {
    request.url = request.originalUrl = request.url.replace('/v2.0/.well-known/', '/.well-known/');
    next();
  });
  app.use(`/${tenant}`, provider.callback());
  console.log(server.address().port);
});
