// The work that every peer does, as in ../src/vendor.rs.

export const COMMANDS_PER_VENDOR = 20;

const PROFILE = {
  name: 'Northside Plumbing and Heating Services Ltd.',
  email: 'dispatch@northside-plumbing.example',
  phone: '+1 212 555 0142',
  trades: ['plumbing', 'hvac', 'electrical'],
};
const REASON =
  'The certificate of liability insurance ran out, and a new one was asked for by letter and twice by telephone; no work may be given out until it is here and has been checked';
const NOTE =
  'The new certificate of liability insurance has come by post, covers the whole of the coming year and has been checked with the insurer; work may be given out again from today on';

/** The command at this place, from zero, in a vendor's life. */
export function nthCommand(vendorId, place) {
  if (place === 0) return { type: 'Create', data: { vendorId, profile: PROFILE } };
  if (place % 2 === 1) return { type: 'Block', data: { vendorId, reason: REASON } };
  return { type: 'Unblock', data: { vendorId, note: NOTE } };
}

/** How a vendor decides, and what an event makes of it. */
export const vendor = {
  initialState: () => ({ known: false, blocked: false }),

  decide({ type, data }, { known, blocked }) {
    if (type === 'Create') {
      if (known) throw new Error('the vendor exists already');
      return { type: 'vendor.created', data };
    }
    if (!known) throw new Error('there is no such vendor');
    if (type === 'Block') {
      if (blocked) throw new Error('the vendor is blocked');
      return { type: 'vendor.blocked', data };
    }
    if (!blocked) throw new Error('the vendor is not blocked');
    return { type: 'vendor.unblocked', data };
  },

  evolve(state, { type }) {
    if (type === 'vendor.created') return { ...state, known: true };
    return { ...state, blocked: type === 'vendor.blocked' };
  },
};
