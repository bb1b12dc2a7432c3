// An OAuth server that is not ours (oauth2-mock-server, by AXA), at the addresses of one school's Veracross on loopback.
// Who signs in, and with which roles, the arguments say.
import { OAuth2Server } from 'oauth2-mock-server';

const [route, sub, ...roles] = process.argv.slice(2);
const at = (name) => `/${route}/oauth/${name}`;
const server = new OAuth2Server(undefined, undefined, {
  endpoints: { authorize: at('authorize'), token: at('token'), userinfo: at('userinfo') },
});
await server.issuer.keys.generate('RS256');
await server.start(0, '127.0.0.1');
server.service.on('beforeUserinfo', (answer) => {
  answer.body = { sub, email: 'jan@school.example', preferred_username: 'jnovak', roles };
});
console.log(server.address().port);
