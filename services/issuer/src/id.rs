ids::id_type! {
    /// A person registered in a programme, without the identity.
    pub struct BeneficiaryId;

    /// The load of a file of beneficiaries.
    pub struct BeneficiaryImportId;

    /// A booklet given to a person.
    pub struct HandOverId;

    /// A request to block a booklet or a voucher.
    pub struct RevocationId;

    /// A sponsor's decision about hand-overs near the end.
    pub struct DecisionId;

    /// A sponsor's acceptance of the counts of its booklets.
    pub struct AcceptanceId;

    /// The end of a programme.
    pub struct ExpiryId;

    /// A proof sheet (bon à tirer).
    pub struct ProofId;

    /// A print of booklets.
    pub struct PrintId;

    /// New numbers for booklets whose paper must be refused.
    pub struct ReissueId;
}
