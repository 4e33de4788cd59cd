import { codeWords } from '../../lib/codes.js';
import { classes, html } from '../../lib/html.js';
import { inOrder, invitationWords, leaving, mayRemove, roleName, roleSays, rolesFor, shortName, sinceSaid } from '../../lib/people.js';
import { count } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';
import { Menu } from '../overlay/menu.js';
import { Avatar } from './avatar.js';

const ICONS = { owner: 'crown-simple', adult: 'user', viewer: 'eye' };

/**
 * The members of a home and the invitations that wait.
 * @param {{home: any, people: any, cameras: any[] | undefined, now: number, marked: string | null, onRole: (member: any, role: string) => void, onRemove: (member: any) => void, onLeave: () => void, onWithdraw: (invitation: any) => void, onCode: (code: any) => void}} props `marked`: the member that the panel is about
 */
export function MemberTable({ home, people, cameras, now, marked, onRole, onRemove, onLeave, onWithdraw, onCode }) {
  const { members, invitations, codes, role } = people;
  const sees = cameras ? (cameras.length ? count(cameras.length, 'camera') : 'no camera yet') : '';
  const menuOf = (member) => [
    ...rolesFor(role, member).map((other) => ({ label: `Make ${other}`, icon: ICONS[other], onSelect: () => onRole(member, other) })),
    mayRemove(role, member) && { label: 'Remove', icon: 'user-minus', danger: true, onSelect: () => onRemove(member) },
    member.you && leaving(members) !== 'alone' && { label: 'Leave this home', icon: 'sign-out', danger: true, onSelect: onLeave },
  ].filter(Boolean);
  return html`
    <section class="people-part" aria-labelledby="members-title">
      <div class="people-title"><h2 id="members-title">Members</h2><p class="soft">see every camera of ${home.name}</p></div>
      <div class="card people-card"><table class="people">
        <colgroup><col /><col class="people-col-sees" /><col class="people-col-until" /><col class="people-col-state" /><col class="people-col-end" /></colgroup>
        <thead><tr><th scope="col">Who</th><th scope="col">Sees</th><th scope="col" colspan="2">Since</th><th><span class="visually-hidden">More</span></th></tr></thead>
        <tbody>
          ${inOrder(members).map((member) => html`<${MemberRow} key=${member.id} member=${member} sees=${sees} since=${sinceSaid(member.since, home.zone)} marked=${marked === member.id} items=${menuOf(member)} name=${shortName(member, members)} />`)}
          ${invitations.map((invitation) => html`<${InvitationRow} key=${invitation.id} invitation=${invitation} words=${invitationWords(invitation, members, home.zone, now)} onWithdraw=${() => onWithdraw(invitation)} />`)}
          ${codes.map((code) => html`<${CodeRow} key=${code.id} code=${code} words=${codeWords(code, members, home.zone, now)} onCode=${() => onCode(code)} />`)}
        </tbody>
      </table></div>
    </section>`;
}

/** Somebody who asks to join stands out; a code that nobody used does not. */
function CodeRow({ code, words, onCode }) {
  return html`
    <tr class=${classes('people-invitation', code.asks && 'people-asks')}>
      <th scope="row"><div class="person"><span class="avatar avatar-dashed" aria-hidden="true"><${Icon} name="qr-code" /></span><div><b>${words.title}</b><small>${words.made}</small></div></div></th>
      <td class="people-sees soft">${words.role}</td>
      <td class="people-since soft">${words.ends}</td>
      <td class="people-end" colspan="2">${code.asks
        ? html`<button type="button" class="btn btn-primary" aria-label=${`Answer ${code.asks.name}, who wants to join`} onClick=${onCode}>Answer</button>`
        : html`<button type="button" class="btn btn-quiet people-withdraw" aria-label="Withdraw the QR code" onClick=${onCode}>Withdraw</button>`}</td>
    </tr>`;
}

function MemberRow({ member, sees, since, marked, items, name }) {
  return html`
    <tr class=${classes(marked && 'people-marked')}>
      <th scope="row"><div class="person"><${Avatar} person=${member} /><div><b>${member.name}${member.you ? ', you' : ''}</b><small>${roleSays(member.role)}</small></div></div></th>
      <td class="people-sees">${sees}</td>
      <td class="people-since" colspan="2"><span class="people-word">since </span>${since}</td>
      <td class="people-end">${items.length > 0 && html`<${Menu} label=${member.you ? `More for you, ${roleName(member.role)}` : `More for ${name}`} items=${items} />`}</td>
    </tr>`;
}

function InvitationRow({ invitation, words, onWithdraw }) {
  return html`
    <tr class="people-invitation">
      <th scope="row"><div class="person"><span class="avatar avatar-dashed" aria-hidden="true"><${Icon} name="link-simple" /></span><div><b>${words.title}</b><small>${words.made}</small></div></div></th>
      <td class="people-sees soft">${words.role}</td>
      <td class="people-since soft">${words.ends}</td>
      <td class="people-end" colspan="2"><button type="button" class="btn btn-quiet people-withdraw" aria-label=${`Withdraw the invitation for ${invitation.email}`} onClick=${onWithdraw}>Withdraw</button></td>
    </tr>`;
}
