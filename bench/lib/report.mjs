export const writeReport = async () => {};
export const printTables = () => {};
