// A SAML identity provider that is not ours (samlp, by Auth0), on loopback. It answers every request at once with the
// user and the options of the query, by the page that a browser would post on; /metadata is samlp's own.
import express from 'express';
import samlp from 'samlp';
import { readFileSync } from 'node:fs';

const [key, cert, issuer] = process.argv.slice(2);
const app = express();
app.get('/metadata', samlp.metadata({ issuer, cert: readFileSync(cert, 'utf8'), redirectEndpointPath: '/sso' }));
app.get('/sso', (req, res, next) => samlp.parseRequest(req, (error, asked) => {
  if (error) return next(error);
  const told = JSON.parse(req.query.told ?? '{}');
  const acs = asked.assertionConsumerServiceURL;
  samlp.auth({
    issuer,
    cert: readFileSync(cert),
    key: readFileSync(key),
    digestAlgorithm: told.digest ?? 'sha256',
    signatureAlgorithm: told.signature ?? 'rsa-sha256',
    signResponse: told.signResponse ?? false,
    lifetimeInSeconds: told.lifetime ?? 300,
    ...(told.audience ? { audience: told.audience } : {}),
    destination: acs,
    recipient: acs,
    getPostURL: (audience, document, request, callback) => callback(null, acs),
    getUserFromRequest: () => ({
      id: told.id ?? 'jan.novak', emails: told.email === null ? [] : [{ value: told.email ?? 'jan@school.example' }],
      displayName: 'Jan Novak', name: { givenName: 'Jan', familyName: 'Novak' },
    }),
    profileMapper: (user) => ({
      metadata: [],
      getClaims: () => ({
        ...(user.emails.length ? { Email: user.emails[0].value } : {}), 'Given Name': 'Jan', 'Family Name': 'Novak',
        'OR:userSourcedId': 'T1',
      }),
      getNameIdentifier: () => ({ nameIdentifier: user.id }),
    }),
  })(req, res, next);
}));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
