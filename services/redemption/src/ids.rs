use access::OrganisationId;
use ledger::{EventId, PartyId};

ids::id_type! {
    /// A mediation structure; also its organisation's id and its party's in the books.
    pub struct StructureId;

    /// An import of a file, made by whoever sends it.
    pub struct ImportId;

    /// An accreditation, made by the accreditor.
    pub struct AccreditationId;

    /// A suspension, made by the accreditor.
    pub struct SuspensionId;

    /// The id that the phone made when the claim was scanned: what makes a retry harmless.
    pub struct ClaimRequestId;

    /// A claim in the books: derived from the programme and the phone's id.
    pub struct ClaimId;

    /// A reversal, made by whoever asks for it.
    pub struct ReversalId;
}

impl StructureId {
    /// Whose account it is in the books.
    #[must_use]
    pub const fn party(self) -> PartyId {
        PartyId::from_uuid(self.uuid())
    }

    /// Who signs in for it.
    #[must_use]
    pub const fn organisation(self) -> OrganisationId {
        OrganisationId::from_uuid(self.uuid())
    }
}

impl From<OrganisationId> for StructureId {
    fn from(organisation: OrganisationId) -> Self {
        Self::from_uuid(organisation.uuid())
    }
}

impl From<PartyId> for StructureId {
    fn from(party: PartyId) -> Self {
        Self::from_uuid(party.uuid())
    }
}

impl ClaimId {
    /// The event that its transfers are legs of.
    #[must_use]
    pub const fn event(self) -> EventId {
        EventId::from_uuid(self.uuid())
    }
}
